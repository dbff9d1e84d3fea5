"""
What runs inside the server, each script in one step that nobody sees the middle of.

Amounts may grow beyond 2^53, where Lua's numbers stop being exact: counts are added up by HINCRBY
(64 bits) and compared as decimal strings. What Lua does compute with (times in microseconds, the
amounts of one request) stays below.

Keys, all in one hash slot; `E` is the epoch's name:

    {trunkline}:meta        hash: epoch, run (the server process it began in), born, restored, clock
    {trunkline}:E:c:NAME    hash: used, reserved, closes, id (which window), known, filled
    {trunkline}:E:leases    hash: lease -> msgpack (holder, since, ((counter, unit, amount, window id), ...))
    {trunkline}:E:h:HOLDER  set: its leases
    {trunkline}:E:holders   sorted set: when each last said that it is alive
    {trunkline}:E:gone      sorted set: leases of those that did not
    {trunkline}:E:seq       hash: holder -> the last batch of it that was written
    {trunkline}:E:x:LEASE   a lease that nobody waits for any more: a claim that comes late is void
"""

_COMMON = """#!lua
local P = KEYS[1]
local meta = redis.call('HMGET', P .. ':meta', 'epoch', 'clock', 'born', 'restored', 'run')
local epoch, restored = meta[1], meta[4] == '1'
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if meta[2] and tonumber(meta[2]) > now then now = tonumber(meta[2]) end
local K = P .. ':' .. (epoch or '') .. ':'
local REQUESTS, TOKENS, COST, CONCURRENT = 0, 1, 2, 3

local function int(n) return n == 0 and '0' or string.format('%.0f', n) end

local function tick()
  redis.call('HSET', P .. ':meta', 'clock', int(now))
end

local function above(a, b)
  if string.sub(b, 1, 1) == '-' then return true end
  if string.sub(a, 1, 1) == '-' then return false end
  if #a ~= #b then return #a > #b end
  return a > b
end

local function window(counter)
  local key = K .. 'c:' .. counter
  local w = redis.call('HMGET', key, 'used', 'closes', 'reserved', 'id')
  if w[1] and (w[2] == '0' or tonumber(w[2]) > now) then return key, w end
  return key, nil
end

local function expire(key, closes)
  if closes == 0 then redis.call('PERSIST', key)
  else redis.call('PEXPIREAT', key, int(math.floor(closes / 1000) + 60000)) end
end

local function open(key, closes)
  redis.call('DEL', key)
  redis.call('HSET', key, 'used', '0', 'closes', int(closes), 'reserved', '0', 'id', int(now))
  expire(key, closes)
  return {'0', int(closes), '0', int(now)}
end

local function charge(key, w, unit, amount)
  redis.call('HINCRBY', key, 'used', int(amount))
  if unit ~= REQUESTS then redis.call('HINCRBY', key, 'reserved', int(amount)) end
end

local function standing(counter)
  local _, w = window(counter)
  if not w then return {'0', 0, '0'} end
  return {w[1], tonumber(w[2]), w[3]}
end

local function keep(lease, holder, since, charges)
  redis.call('HSET', K .. 'leases', lease, cmsgpack.pack({holder, since, charges}))
end

local function give(charge_, actual)
  local key, w = window(charge_[1])
  if not w or w[4] ~= int(charge_[4]) then return end
  if charge_[2] ~= REQUESTS then
    redis.call('HINCRBY', key, 'reserved', int(-charge_[3]))
  end
  if actual ~= charge_[3] then
    redis.call('HINCRBY', key, 'used', int(actual - charge_[3]))
  end
end
"""

ADMIT = (
    _COMMON
    + """
-- ARGV: epoch, holder, settling (microseconds), claims ((lease, money, ((counter, unit, amount, room, window), ...)), ...)
if epoch ~= ARGV[1] then return cmsgpack.pack({'epoch'}) end
if now - tonumber(meta[3]) < tonumber(ARGV[3]) then return cmsgpack.pack({'young'}) end
tick()

local function admit(claim)
  local lease, limits = claim[1], claim[3]
  if claim[2] and not restored then return {'lost'} end
  if redis.call('HEXISTS', K .. 'leases', lease) == 1 then return {'held'} end
  if redis.call('EXISTS', K .. 'x:' .. lease) == 1 then return {'void'} end
  local refused, found = {}, {}
  for at, limit in ipairs(limits) do
    local key, w = window(limit[1])
    found[at] = {key, w}
    if above(w and w[1] or '0', limit[4]) then refused[#refused + 1] = at - 1 end
  end
  if #refused == 0 then
    local charges = {}
    for at, limit in ipairs(limits) do
      local key, w = found[at][1], found[at][2]
      if not w then w = open(key, limit[5] == 0 and 0 or now + limit[5]) end
      charge(key, w, limit[2], limit[3])
      charges[at] = {limit[1], limit[2], limit[3], tonumber(w[4])}
    end
    keep(lease, ARGV[2], now, charges)
    redis.call('SADD', K .. 'h:' .. ARGV[2], lease)
  end
  local standings = {}
  for at, limit in ipairs(limits) do standings[at] = standing(limit[1]) end
  return {'told', refused, standings}
end

-- One that was taken for gone, and is not: what it holds from now on will be found, too.
redis.call('ZADD', K .. 'holders', 'NX', 0, ARGV[2])

local answers = {}
for at, claim in ipairs(cmsgpack.unpack(ARGV[4])) do answers[at] = admit(claim) end
return cmsgpack.pack({'done', now, answers})
"""
)

WRITE = (
    _COMMON
    + """
-- ARGV: epoch, holder, sequence number, ops. A batch that was written already changes nothing.
if epoch ~= ARGV[1] then return 'epoch' end
if tonumber(redis.call('HGET', K .. 'seq', ARGV[2]) or '0') >= tonumber(ARGV[3]) then return 'done' end
tick()
redis.call('HSET', K .. 'seq', ARGV[2], ARGV[3])

local function release(lease, withdrawn, tokens, cost)
  local packed = redis.call('HGET', K .. 'leases', lease)
  if not packed then return end
  local held = cmsgpack.unpack(packed)
  redis.call('HDEL', K .. 'leases', lease)
  redis.call('SREM', K .. 'h:' .. held[1], lease)
  redis.call('ZREM', K .. 'gone', lease)
  for _, one in ipairs(held[3]) do
    local actual = one[3]
    if withdrawn or one[2] == CONCURRENT then actual = 0
    elseif one[2] == TOKENS then actual = tokens
    elseif one[2] == COST then actual = cost end
    give(one, actual)
  end
end

-- Into the window that is open now, or else into the one that it was counted in: nil if that is closed.
local function enter(counter, closes)
  if closes ~= 0 and closes <= now then return nil end
  local key, w = window(counter)
  return key, w or open(key, closes)
end

local function adopt(lease, since, charges)
  if redis.call('HEXISTS', K .. 'leases', lease) == 1 then return end
  local kept = {}
  for _, one in ipairs(charges) do
    local key, w = enter(one[1], one[4])
    if w then
      charge(key, w, one[2], one[3])
      kept[#kept + 1] = {one[1], one[2], one[3], tonumber(w[4])}
    end
  end
  keep(lease, ARGV[2], since, kept)
  redis.call('SADD', K .. 'h:' .. ARGV[2], lease)
end

-- What this holder counted before: what the ledger is sure to know of it (`known`) is not
-- counted again by `restore`, and not at all once that has been.
local function add(counter, closes, amount, known)
  if restored then amount = amount - known; known = 0 end
  if amount == 0 then return end
  local key, w = enter(counter, closes)
  if not w then return end
  redis.call('HINCRBY', key, 'used', int(amount))
  if known > 0 then redis.call('HINCRBY', key, 'known', int(known)) end
end

for _, op in ipairs(cmsgpack.unpack(ARGV[4])) do
  local kind = op[1]
  if kind == 's' then release(op[2], false, op[3], op[4])
  elseif kind == 'w' then release(op[2], true)
  elseif kind == 'x' then
    release(op[2], true)
    redis.call('SET', K .. 'x:' .. op[2], '', 'PX', 600000)
  elseif kind == 'a' then adopt(op[2], op[3], op[4])
  elseif kind == 'c' then add(op[2], op[3], op[4], op[5])
  end
end
return 'done'
"""
)

BEAT = (
    _COMMON
    + """
-- ARGV: holder, mode ("look", "join", "beat", "leave"), ttl (microseconds), the server's run,
-- grace (microseconds; 0: none): so long nobody is taken for gone, for nobody could say otherwise.
local born = not epoch or meta[5] ~= ARGV[4]
if born then
  epoch, restored, meta[3] = int(now), false, int(now)
  redis.call('HSET', P .. ':meta', 'epoch', epoch, 'run', ARGV[4], 'born', epoch, 'restored', '0')
  K = P .. ':' .. epoch .. ':'
end
tick()
if ARGV[5] ~= '0' then redis.call('HSET', P .. ':meta', 'grace', int(now + tonumber(ARGV[5]))) end
local mode, holders = ARGV[2], K .. 'holders'

-- The rest of what it holds waits in `gone` until somebody settles it.
local function bury(holder)
  for _, lease in ipairs(redis.call('SMEMBERS', K .. 'h:' .. holder)) do
    local held = cmsgpack.unpack(redis.call('HGET', K .. 'leases', lease))
    local kept = {}
    for _, one in ipairs(held[3]) do
      if one[2] == CONCURRENT then give(one, 0) else kept[#kept + 1] = one end
    end
    keep(lease, held[1], held[2], kept)
    redis.call('ZADD', K .. 'gone', int(held[2]), lease)
  end
  redis.call('ZREM', holders, holder)
end

local abandoned = {}
if mode == 'leave' then
  redis.call('ZADD', holders, 0, ARGV[1])  -- whoever beats next buries it
  redis.call('HDEL', K .. 'seq', ARGV[1])
elseif mode ~= 'look' then
  if redis.call('ZADD', holders, int(now), ARGV[1]) == 1 then
    for _, lease in ipairs(redis.call('SMEMBERS', K .. 'h:' .. ARGV[1])) do
      redis.call('ZREM', K .. 'gone', lease)
    end
  end
end
if mode == 'beat' then
  local before = '(' .. int(now - tonumber(ARGV[3]))
  if now >= tonumber(redis.call('HGET', P .. ':meta', 'grace') or '0') then
    for _, holder in ipairs(redis.call('ZRANGEBYSCORE', holders, '-inf', before)) do bury(holder) end
  end
  for _, lease in ipairs(redis.call('ZRANGE', K .. 'gone', 0, 99)) do
    local held = cmsgpack.unpack(redis.call('HGET', K .. 'leases', lease))
    abandoned[#abandoned + 1] = {lease, held[1], held[2]}
  end
end
local alive = redis.call('ZCOUNT', holders, '(0', '+inf')
return cmsgpack.pack({epoch, born, restored, now - tonumber(meta[3]), now, alive, abandoned})
"""
)

LOOK = (
    _COMMON
    + """
-- ARGV: epoch, counters
if epoch ~= ARGV[1] then return cmsgpack.pack({'epoch'}) end
local standings = {}
for at, counter in ipairs(cmsgpack.unpack(ARGV[2])) do standings[at] = standing(counter) end
return cmsgpack.pack({'done', now, standings})
"""
)

RESTORE = (
    _COMMON
    + """
-- ARGV: epoch, holder, last (1 or 0), counts ((counter, used, closes, reserved), ...)
if epoch ~= ARGV[1] then return 'epoch' end
if restored then return 'done' end
local lock = K .. 'restoring'
local busy = redis.call('GET', lock)
if busy and busy ~= ARGV[2] then return 'busy' end
tick()
redis.call('SET', lock, ARGV[2], 'PX', 5000)

local function fill(counter, used, closes, reserved)
  if closes ~= 0 and closes <= now then return end
  local key, w = window(counter)
  if w and redis.call('HGET', key, 'filled') then return end
  if not w then open(key, closes) end
  redis.call('HSET', key, 'closes', int(closes), 'filled', '1')
  expire(key, closes)
  redis.call('HINCRBY', key, 'used', used)
  redis.call('HINCRBY', key, 'reserved', reserved)
  local known = redis.call('HGET', key, 'known')
  if known then
    if above(known, used) then known = used end
    if known ~= '0' then redis.call('HINCRBY', key, 'used', '-' .. known) end
  end
end

for _, one in ipairs(cmsgpack.unpack(ARGV[4])) do fill(one[1], one[2], one[3], one[4]) end
if ARGV[3] == '1' then
  redis.call('HSET', P .. ':meta', 'restored', '1')
  redis.call('DEL', lock)
end
return 'done'
"""
)
