# One image for each kind of process, all from the same locks. Nothing in them runs as root.
#
#   api-worker     research, scripting, publishing, synthesis.api, upkeep; beat and Flower
#   speech-worker  synthesis.gpu and verification on the processor
#   gpu-worker     the same two with PyTorch and CUDA
#   audio-worker   audio
#   web            pages, feeds, media

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/podmill
ENV PATH=/opt/podmill/bin:$PATH
COPY requirements/build.txt requirements/main.txt requirements/
RUN pip install --require-hashes -r requirements/build.txt \
    && pip install --require-hashes --no-build-isolation -r requirements/main.txt
COPY pyproject.toml README.md LICENSE celeryconfig.py ./
COPY models models
COPY pipelines pipelines
COPY podcast_tasks podcast_tasks
COPY podmill podmill
RUN pip install --no-build-isolation --no-deps .

FROM build AS build-gpu
COPY requirements/torch.txt requirements/cuda.txt requirements/
# --no-deps: the locks are complete, and the declared dependencies of resemblyzer are not installable.
RUN pip install --require-hashes --no-build-isolation --no-deps -r requirements/torch.txt -r requirements/cuda.txt

FROM python:3.13-slim AS base
RUN useradd --system --uid 10001 --create-home --shell /usr/sbin/nologin podmill \
    && install --directory --owner podmill --group podmill --mode 0750 /data
COPY --from=build /opt/podmill /opt/podmill
ENV PATH=/opt/podmill/bin:$PATH \
    PODMILL_HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER podmill
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM

FROM base AS api-worker
CMD ["celery", "-A", "podcast_tasks", "worker", "--queues=research,scripting,publishing", "--pool=threads", "--concurrency=4"]

FROM base AS speech-worker
CMD ["celery", "-A", "podcast_tasks", "worker", "--queues=synthesis.gpu,verification", "--pool=prefork", "--concurrency=1"]

FROM speech-worker AS gpu-worker
COPY --from=build-gpu /opt/podmill /opt/podmill

FROM base AS audio-worker
CMD ["celery", "-A", "podcast_tasks", "worker", "--queues=audio", "--pool=prefork", "--concurrency=1"]

FROM base AS web
EXPOSE 8470
CMD ["python", "-m", "podmill.web.server", "--host", "0.0.0.0", "--port", "8470"]
