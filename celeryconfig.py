"""Celery's own settings, in Celery's own names. Values that differ between machines come from ``podmill.settings``."""

from podcast_tasks.command_line import refusal
from podcast_tasks.queues import PRIORITIES, QUEUES, SEPARATOR, route
from podmill import nodefile
from podmill.errors import ConfigurationError
from podmill.settings import current

try:
    _settings = current()
    broker_url = nodefile.broker_url(_settings)
except ConfigurationError as exc:
    raise refusal(exc) from exc
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # the default gives up after 100; a worker must outlive any outage
broker_transport_options = {
    "global_keyprefix": _settings.broker_prefix,
    # Above the longest step: a late-acknowledged message is redelivered when it passes, whether its task runs or not.
    # Every process on one broker must use the same value. Recovery does not wait for it: the reconciler does that.
    "visibility_timeout": _settings.visibility_timeout_s,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,  # kombu's 10 would look for lost messages every 100 s only
    "socket_timeout": 30,  # without it a publish on a dead connection hangs for ever
    "socket_keepalive": True,
    "health_check_interval": 10,
    # One list for each priority; a worker takes from all its queues' first lists before any second.
    "priority_steps": list(PRIORITIES),
    "sep": SEPARATOR,
}

accept_content = ["json"]
task_serializer = "json"
result_serializer = "json"
task_ignore_result = True  # the database is the record; no result backend

task_queues = QUEUES
task_create_missing_queues = False  # a mistyped queue is an error, not a list nobody reads
task_default_queue = "upkeep"
task_routes = (route,)

task_acks_late = True
# Back at once, the message would find the step still leased to the dead: the reconciler sends it when the lease ends.
task_reject_on_worker_lost = False
task_acks_on_timeout = True  # a step that times out is decided by the database
task_track_started = True
task_inherit_parent_priority = True  # a chain keeps the priority of its first message
worker_prefetch_multiplier = 1  # with late acknowledgement: a worker holds only what it runs
# Only of a prefork pool; podcast_tasks.recycling looks after the threads.
worker_max_tasks_per_child = _settings.worker_steps
worker_max_memory_per_child = _settings.worker_memory_mb * 1000  # KiB
worker_proc_alive_timeout = 120  # a child that loads a model needs longer than the default 4 s to report
# A step is stopped by its lease, which also works in threads; this is for one that holds its whole process.
task_time_limit = _settings.step_time_limit_s + 60
worker_cancel_long_running_tasks_on_connection_loss = False  # leases decide, and paid calls must not be cut
worker_hijack_root_logger = False
worker_redirect_stdouts = False
worker_send_task_events = True
task_send_sent_event = True

beat_max_loop_interval = 5
beat_schedule = {
    "reconcile": {
        "task": "podcast_tasks.upkeep.reconcile",
        "schedule": _settings.reconcile_s,
        "options": {"expires": _settings.reconcile_s},  # ticks must not pile up while no worker is there
    },
    "recurring": {
        "task": "pipelines.recurring.tick",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "clean_up": {
        "task": "podcast_tasks.upkeep.clean_up",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "collect": {
        "task": "podcast_tasks.upkeep.collect",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "tell_drift": {
        "task": "podcast_tasks.upkeep.tell_drift",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
}
imports = (
    "podcast_tasks.research",
    "podcast_tasks.scripting",
    "podcast_tasks.cost_check",
    "podcast_tasks.synthesis",
    "podcast_tasks.verification",
    "podcast_tasks.loudness",
    "podcast_tasks.publishing",
    "podcast_tasks.upkeep",
    "pipelines.recurring",
    "podcast_tasks.recycling",  # no task: what every worker does besides
)
