-- The gate of one provider account: every decision in one step, by the clock of the server.
--
-- KEYS  1 state    hash: the server it was filled on, block, learned limits, circuit, last turn given
--       2 log      sorted set: requests by the latest moment at which they reached the provider
--       3 slots    sorted set: open requests by the moment at which their lease lapses
--       4 live     sorted set: waiters by the moment at which they count as gone
--       5 away     sorted set: fields of `kept` by the moment at which they are forgotten
--       6 kept     hash: w:ID arrival of a waiter (! was told when to come), g:GROUP turn of a group that is away,
--                  d:GROUP when its last one is due
--       7 line     sorted set, all scores 0: waiters as CLASS:GROUP:ARRIVAL:ID
--       8, 9       sorted sets: groups with live waiters by turn; interactive, batch
-- ARGV  1 operation, 2 requests a window, 3 window, 4 transit, 5 requests at once, 6 lease,
--       7 failures that open the circuit, 8 for how long, 9 lifetime of idle keys in ms; the operation's own from 10 on
--
-- Times are whole microseconds since 1970: below 2^53, so doubles hold them exactly.
local STATE, LOG, SLOTS, LIVE, AWAY, KEPT, LINE = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local TURNS = { i = KEYS[8], b = KEYS[9] }
local LIMIT, WINDOW, TRANSIT, AT_ONCE = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local LEASE, FAILURES, BREAKER, TTL_MS = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
local SECOND = 1000000

local GRACE = 1 * SECOND -- a waiter this much late is gone
local POLL_MAX = 2 * SECOND
local HEAD_POLL_MIN, HEAD_POLL_MAX = 0.01 * SECOND, 0.25 * SECOND
local WAKE_MS = 3000 -- a waiter that is told its turn and does not ask within this time is gone
local KEEP = 600 * SECOND -- a place is kept this long after its waiter was due back
local KEPT_MAX = 20000
local SWEEP = 200 -- gone waiters, forgotten places: at most this many a call
local RAISE = 10 * SECOND -- a lowered concurrency rises by one in this time
local TOLD = 600 * SECOND -- what a provider says of its own concurrency holds this long
local BLOCK_MAX = 3600 * SECOND
local FULL_OF_OTHERS = 5 * SECOND -- refused although nothing of ours was open

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * SECOND + tonumber(clock[2])
local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')

local state = {}
local flat = redis.call('HGETALL', STATE)
for i = 1, #flat, 2 do state[flat[i]] = flat[i + 1] end

local function get(name) return tonumber(state[name]) or 0 end

local function set(name, value)
  state[name] = value
  redis.call('HSET', STATE, name, value)
end

-- What is counted

redis.call('ZREMRANGEBYSCORE', LOG, '-inf', now - WINDOW - 1)
redis.call('ZREMRANGEBYSCORE', SLOTS, '-inf', now)

local function ceiling()
  local most = AT_ONCE
  if get('told') > 0 and now < get('told_at') + TOLD then most = math.min(most, get('told')) end
  if get('cap') > 0 then most = math.min(most, get('cap') + math.floor((now - get('cap_at')) / RAISE)) end
  return math.max(1, most)
end

local function lower(most)
  set('cap', math.max(1, most))
  set('cap_at', now)
end

-- The line

local function head_of(group) return '[' .. group .. ':' end
local function tail_of(group) return '(' .. group .. ';' end -- ';' follows ':'

local function forget(fields)
  for _, field in ipairs(fields) do
    redis.call('HDEL', KEPT, field)
    redis.call('ZREM', AWAY, field)
  end
end

local function keep(field, value, until_)
  redis.call('HSET', KEPT, field, value)
  redis.call('ZADD', AWAY, until_, field)
end

-- Out of the line, with its place and its group's turn kept for when it is back; `due` when it was told when that is.
local function step_out(member, due)
  local mark = due and '!' or ''
  due = due or now
  local group, arrival, id = string.match(member, '^(%a:%x+):(%d+):(.*)$')
  redis.call('ZREM', LIVE, member)
  redis.call('ZREM', LINE, member)
  keep('w:' .. id, arrival .. mark, due + KEEP)
  if redis.call('ZLEXCOUNT', LINE, head_of(group), tail_of(group)) == 0 then
    local turns = TURNS[string.sub(group, 1, 1)]
    local turn = redis.call('ZSCORE', turns, group)
    if turn then keep('g:' .. group, turn, due + KEEP) end
    redis.call('ZREM', turns, group)
  end
end

local function sweep()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', LIVE, '-inf', now, 'LIMIT', 0, SWEEP)) do
    step_out(member)
  end
  forget(redis.call('ZRANGEBYSCORE', AWAY, '-inf', now, 'LIMIT', 0, SWEEP))
  local excess = redis.call('ZCARD', AWAY) - KEPT_MAX
  if excess > 0 then forget(redis.call('ZRANGE', AWAY, 0, math.min(excess, SWEEP) - 1)) end
end

local function next_turn() return redis.call('HINCRBY', STATE, 'turn', 1) end

-- Into the line, at the place that was kept; and whether it was told before when to come.
local function step_in(group, id)
  local place = redis.call('HGET', KEPT, 'w:' .. id)
  if not place then
    place = string.format('%016.0f', now)
    redis.call('HSET', KEPT, 'w:' .. id, place)
  end
  local arrival, told = string.match(place, '^(%d+)(!?)$')
  redis.call('ZREM', AWAY, 'w:' .. id)
  local member = group .. ':' .. arrival .. ':' .. id
  redis.call('ZADD', LINE, 0, member)
  redis.call('ZADD', LIVE, now + POLL_MAX + GRACE, member)
  local turns = TURNS[string.sub(group, 1, 1)]
  if not redis.call('ZSCORE', turns, group) then
    redis.call('ZADD', turns, redis.call('HGET', KEPT, 'g:' .. group) or next_turn(), group)
    forget({ 'g:' .. group })
  end
  return member, told ~= ''
end

-- Served: out of the line for good, and its group goes behind the others.
local function served(member, group, id)
  redis.call('ZREM', LIVE, member)
  redis.call('ZREM', LINE, member)
  forget({ 'w:' .. id })
  local turns = TURNS[string.sub(group, 1, 1)]
  if redis.call('ZLEXCOUNT', LINE, head_of(group), tail_of(group)) == 0 then
    redis.call('ZREM', turns, group)
  else
    redis.call('ZADD', turns, next_turn(), group)
  end
end

-- Live waiters that go first: every interactive one before a batch, and within a class the groups in turn.
local function ahead_of(member, group)
  local class = string.sub(group, 1, 1)
  local turns = TURNS[class]
  local before = class == 'b' and redis.call('ZLEXCOUNT', LINE, '[i:', '(i;') or 0
  local round = redis.call('ZLEXCOUNT', LINE, head_of(group), '(' .. member)
  local place = redis.call('ZRANK', turns, group)
  local groups = redis.call('ZCARD', turns)
  if round == 0 then return before + place end
  if groups > AT_ONCE then
    -- Whoever is not first in its group is behind all groups: too far for its exact place to matter.
    local class_size = redis.call('ZLEXCOUNT', LINE, '[' .. class .. ':', '(' .. class .. ';')
    return before + math.min(place + round * groups, class_size - 1)
  end
  for i, other in ipairs(redis.call('ZRANGE', turns, 0, -1)) do
    if other == group then
      before = before + round
    else
      local size = redis.call('ZLEXCOUNT', LINE, head_of(other), tail_of(other))
      before = before + math.min(size, i - 1 < place and round + 1 or round)
    end
  end
  return before
end

-- Time until there is room for one who has `ahead` before it: exact for the rate and for a block, a guess from
-- the usual length of a request for concurrency.
local function waits(ahead)
  local blocked = math.max(0, get('blocked_until') - now)
  local rated = 0
  local counted = redis.call('ZCARD', LOG)
  local over = counted - LIMIT + ahead
  if over >= 0 then
    local index = math.min(over, counted - 1)
    local last = counted > 0 and tonumber(redis.call('ZRANGE', LOG, index, index, 'WITHSCORES')[2]) or now - WINDOW
    rated = last + WINDOW + 1 - now + (over - index) * WINDOW / LIMIT
  end
  local held = 0
  local most = ceiling()
  local short = redis.call('ZCARD', SLOTS) + ahead + 1 - most
  if short > 0 then held = math.max(1, (state.hold and get('hold') or SECOND) * short / most) end
  return blocked, rated, held
end

local function pace() return math.max(WINDOW / LIMIT, get('hold') / ceiling()) end

-- When to come back. Those of one group who are told for the first time, or find the provider down, come one after the
-- other at the pace at which they can be served; who was told before is near its turn.
local function due_back(group, wait, spaced)
  local field = 'd:' .. group
  local due = math.floor(now + wait)
  if not spaced then return due end
  local last = tonumber(redis.call('HGET', KEPT, field) or 0)
  if last > now then
    local groups = redis.call('ZCARD', TURNS.i) + redis.call('ZCARD', TURNS.b)
    due = math.max(due, last + pace() * math.max(1, groups))
  end
  due = math.floor(due)
  keep(field, string.format('%.0f', due), due)
  return due
end

-- The circuit

local function circuit_closed()
  set('failures', 0)
  set('opened', 0)
  set('open_until', 0)
  set('probe', '')
end

local function circuit_failed(id)
  if get('open_until') == 0 then
    set('failures', get('failures') + 1)
    if get('failures') < FAILURES then return end
  elseif state.probe ~= id then
    return -- sent before it opened
  end
  set('opened', get('opened') + 1)
  set('open_until', now + BREAKER * math.min(2 ^ (get('opened') - 1), 10))
  set('failures', 0)
  set('probe', '')
end

local function probing() return (state.probe or '') ~= '' and redis.call('ZSCORE', SLOTS, state.probe) end

-- Time until the next request may try a provider that failed; 0: now, or the circuit is closed.
local function down_for()
  local until_ = get('open_until')
  if until_ == 0 then return 0 end
  if now < until_ then return until_ - now end
  return probing() and POLL_MAX or 0
end

-- Whose turn it is

-- One list for each waiter, which it blocks on; beside the other keys, so under their hash tag.
local function wake(member)
  local key = string.gsub(STATE, 'state$', 'wake:') .. string.match(member, '^%a:%x+:%d+:(.*)$')
  if redis.call('LLEN', key) == 0 then redis.call('LPUSH', key, 1) end
  redis.call('PEXPIRE', key, WAKE_MS)
end

-- Tell those who could be let through now that they should ask. It decides nothing: who is not told asks later.
local function wake_next()
  if now < get('blocked_until') or down_for() > 0 then return end
  local free = math.min(ceiling() - redis.call('ZCARD', SLOTS), LIMIT - redis.call('ZCARD', LOG))
  for _, class in ipairs({ 'i', 'b' }) do
    local round, found = 0, true
    local groups = free > 0 and redis.call('ZRANGE', TURNS[class], 0, free - 1) or {}
    while free > 0 and found do
      found = false
      for _, group in ipairs(groups) do
        local range = { head_of(group), tail_of(group), 'LIMIT', round, 1 }
        local member = free > 0 and redis.call('ZRANGEBYLEX', LINE, unpack(range))[1]
        if member then
          wake(member)
          free, found = free - 1, true
        end
      end
      round = round + 1
    end
  end
end

-- Operations

local run = {}

-- ARGV 10 slot, 11 caller, 12 class, 13 group, 14 patience, 15 patience of those who are next: no more wait before it
-- than there are requests at once
function run.enter()
  if state.server ~= server then return { 'empty' } end
  local slot, id, patience = ARGV[10], ARGV[11], tonumber(ARGV[14])
  -- The answer to the first try was lost on the way, and the client asked again.
  if redis.call('ZSCORE', SLOTS, slot) then return { 'granted', now } end
  sweep()
  local group = ARGV[12] .. ':' .. redis.sha1hex(ARGV[13])
  local member, told = step_in(group, id)
  local down = down_for()
  if down > 0 then
    local due = due_back(group, down, true)
    step_out(member, due)
    return { 'down', due - now }
  end
  local ahead = ahead_of(member, group)
  local blocked, rated, held = waits(ahead)
  local wait = math.max(blocked, rated, held)
  if wait == 0 then
    served(member, group, id)
    redis.call('ZADD', LOG, now + TRANSIT, slot)
    redis.call('ZADD', SLOTS, now + LEASE, slot)
    if get('open_until') > 0 then set('probe', slot) end
    return { 'granted', now }
  end
  local why = wait == held and 'at_once' or wait == rated and 'rate' or 'blocked'
  local early = 0
  if why == 'at_once' then
    if ahead < ceiling() then patience = math.max(patience, tonumber(ARGV[15])) end
    -- Back in time to be one of the next: whoever is late leaves a slot empty, whoever is early comes once more.
    early = math.min(get('hold'), tonumber(ARGV[15]), wait)
  end
  if wait > patience then
    local due = due_back(group, wait - early, not told)
    step_out(member, due)
    return { 'left', due - now, why }
  end
  local poll = math.max(blocked, rated)
  if held > 0 then
    local head = math.max(HEAD_POLL_MIN, math.min(HEAD_POLL_MAX, get('hold') / 50))
    poll = math.max(poll, head * (ahead + 1))
  end
  poll = math.ceil(math.min(poll, POLL_MAX, patience))
  redis.call('ZADD', LIVE, now + poll + GRACE, member)
  return { 'wait', poll, why }
end

-- ARGV 10 caller, 11 class, 12 group
function run.leave()
  local group = ARGV[11] .. ':' .. redis.sha1hex(ARGV[12])
  local place = redis.call('HGET', KEPT, 'w:' .. ARGV[10])
  if place then step_out(group .. ':' .. string.match(place, '^%d+') .. ':' .. ARGV[10]) end
  return { 'left' }
end

-- The provider is done with it.
local function give_back(slot, granted)
  if redis.call('ZREM', SLOTS, slot) == 0 then return end
  -- It is answered, so it had reached the provider by now.
  local latest = redis.call('ZSCORE', LOG, slot)
  if latest and tonumber(latest) > now then redis.call('ZADD', LOG, now, slot) end
  local took = now - granted
  if took > 0 then set('hold', math.floor(state.hold and 0.8 * get('hold') + 0.2 * took or took)) end
end

-- ARGV 10 slot, 11 when it was granted
function run.answered()
  give_back(ARGV[10], tonumber(ARGV[11]))
  wake_next()
  return { 'answered' }
end

-- ARGV 10 slot, 11 when it was granted, 12 outcome, 13 Retry-After, 14 requests at once the provider counts,
-- 15 requests at once it allows; 13 to 15 may be empty
function run.release()
  local slot, outcome = ARGV[10], ARGV[12]
  local retry, seen, told = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
  local open = redis.call('ZCARD', SLOTS)
  local most = ceiling()
  give_back(slot, tonumber(ARGV[11]))
  if told and told > 0 then
    set('told', told)
    set('told_at', now)
    -- It is full: no time to raise what was lowered.
    if seen and seen >= told and get('cap') > 0 and get('cap') < AT_ONCE then lower(most) end
  end
  if retry and retry > 0 then set('blocked_until', math.max(get('blocked_until'), now + math.min(retry, BLOCK_MAX))) end
  if outcome == 'ok' then
    if get('failures') > 0 or get('open_until') > 0 then circuit_closed() end
  elseif outcome == 'busy' then
    if state.probe == slot then circuit_closed() end
    if told or not retry then
      lower(math.min(most, open - 1))
      if open <= 1 then set('blocked_until', math.max(get('blocked_until'), now + FULL_OF_OTHERS)) end
    end
  elseif outcome == 'failed' then
    circuit_failed(slot)
  elseif state.probe == slot then
    set('probe', '')
  end
  wake_next()
  return { 'released' }
end

-- ARGV 10, 11, 12, 13, ...: slot, when it was granted
function run.renew()
  for i = 10, #ARGV, 2 do
    local slot, latest = ARGV[i], tonumber(ARGV[i + 1]) + TRANSIT
    redis.call('ZADD', SLOTS, now + LEASE, slot)
    if latest > now - WINDOW then redis.call('ZADD', LOG, 'NX', latest, slot) end
  end
  return { 'renewed' }
end

-- ARGV 10 requests open now, 11 requests before this age are counted anew, 12, 13, ...: ages of requests
function run.refill()
  if state.server == server then return { 'filled' } end
  set('server', server)
  -- A server that came back with older data still has requests that are listed here again. The youngest stay: they may
  -- not be listed yet.
  redis.call('ZREMRANGEBYSCORE', LOG, '-inf', now - tonumber(ARGV[11]))
  for i = 12, #ARGV do redis.call('ZADD', LOG, now - tonumber(ARGV[i]) + TRANSIT, server .. ':' .. i) end
  -- Whoever holds one of these renews it under its own name before this stand-in lapses.
  local unnamed = tonumber(ARGV[10]) - redis.call('ZCARD', SLOTS)
  for i = 1, unnamed do redis.call('ZADD', SLOTS, now + LEASE, server .. ':' .. i) end
  return { 'filled' }
end

local reply = run[ARGV[1]]()
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, TTL_MS) end
return reply
