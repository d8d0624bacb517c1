-- Calls between services: a client or producer span and its server or consumer children, whichever
-- comes first. Halves wait in two slices of at most PENDING_MAX; a full or old slice pushes out the
-- one before the last. A slice is named by the time at which it began.
local pairShards = 1024
-- Ids may be chosen to meet in one shard: thrice what a full slice has there on average.
local halvesMax = math.max(64, math.ceil(3 * PENDING_MAX / pairShards))
local waitingBytesMax = 1000
local halfBytes = 100 -- beside its characters, as an entry of a hash that is not packed
local pairShardBytes = 230 -- beside its name
local halvesLost = 0

goneAt.p = function(slice) return slice + 4 * WAIT_MS end

local function sliceBase(g, tenant, slice)
  return string.format('%sp:%s:%.0f:', g, tenant, slice)
end

local function dropSlice(base)
  local keys = {}
  for shard = 1, pairShards do keys[shard] = base .. shard - 1 end
  unlink(keys)
end

local function openSlice(at)
  local open = { at = at, key = at.g .. 'p:' .. at.tenant, bytes = 0 }
  local found = redis.call('HMGET', open.key, 'slice', 'before', 'halves')
  open.slice, open.before = tonumber(found[1]), tonumber(found[2])
  open.halves = tonumber(found[3]) or 0
  local function push(slice)
    if not slice then return end
    dropSlice(sliceBase(at.g, at.tenant, slice))
    set(at.account, nameOf(at.generation, 'p', slice), nil)
  end
  local isFull = open.halves >= PENDING_MAX
  if isFull then cuts.p = cuts.p + 1 end
  if not open.slice or isFull or now - open.slice >= WAIT_MS then
    push(open.before)
    open.before = open.slice
    -- After a long silence what waits is too old as well.
    if open.slice and now - open.slice >= 2 * WAIT_MS then
      push(open.slice)
      open.before = nil
    end
    open.slice, open.halves = math.max(now, (open.slice or 0) + 1), 0
  end
  open.base = sliceBase(at.g, at.tenant, open.slice)
  open.baseBefore = open.before and sliceBase(at.g, at.tenant, open.before)
  return open
end

local function closeSlice(open)
  local slice, before = open.slice, open.before or ''
  redis.call('HSET', open.key, 'slice', slice, 'before', before, 'halves', open.halves)
  redis.call('PEXPIRE', open.key, KEPT_MS)
  charge(open.at.account, nameOf(open.at.generation, 'p', slice), open.bytes)
end

local function addCall(calls, from, to, time, bucket, isError)
  if from == to then return end
  local minute = math.floor(time / 60000)
  local slot = math.floor((time - minute * 60000) / 10000)
  local name = from .. '\0' .. to
  local at = name .. '\0' .. minute
  local cell = calls[at]
  if not cell then
    cell = { scope = 'e', id = idOf('e', name), name = name, minute = minute, last = 0, fields = {} }
    calls[at] = cell
  end
  local fields = cell.fields
  local function add(field) fields[field] = (fields[field] or 0) + 1 end
  add('n' .. slot)
  add('h' .. bucket)
  if isError then add('e' .. slot) end
  cell.last = math.max(cell.last, time)
end

local function addWaiting(calls, waiting, client)
  for isError, time, service in string.gmatch(waiting, '\n([^\n]*)\n([^\n]*)\n([^\n]*)') do
    local failed = isError == '1' or client.isError == 1
    addCall(calls, client.service, service, tonumber(time), client.bucket, failed)
  end
end

local function put(open, shard, pair, value)
  local size = redis.call('HLEN', shard)
  if size >= halvesMax then
    halvesLost = halvesLost + 1
    return
  end
  redis.call('HSET', shard, pair, value)
  open.halves = open.halves + 1
  open.bytes = open.bytes + halfBytes + #pair + 1.25 * #value
  if size > 0 then return end
  redis.call('PEXPIRE', shard, 3 * WAIT_MS)
  open.bytes = open.bytes + pairShardBytes + #shard
end

local function join(open, calls, half)
  local shard = open.base .. half.shard
  local found = redis.call('HGET', shard, half.pair)
  if not found and open.baseBefore then
    local before = open.baseBefore .. half.shard
    found = redis.call('HGET', before, half.pair)
    if found then shard = before end
  end
  if half.isClient == 1 then
    local own = 'c\n' .. half.bucket .. '\n' .. half.isError .. '\n' .. half.service
    if found and string.sub(found, 1, 1) == 's' then addWaiting(calls, found, half) end
    if found then redis.call('HSET', shard, half.pair, own) else put(open, shard, half.pair, own) end
    return
  end
  local own = '\n' .. half.isError .. '\n' .. half.time .. '\n' .. half.service
  if not found then
    put(open, shard, half.pair, 's' .. own)
  elseif string.sub(found, 1, 1) == 's' then
    if #found < waitingBytesMax then
      redis.call('HSET', shard, half.pair, found .. own)
      open.halves = open.halves + 1
      open.bytes = open.bytes + 1.25 * #own
    else
      halvesLost = halvesLost + 1
    end
  else
    local bucket, isError, service = string.match(found, 'c\n([^\n]*)\n([^\n]*)\n([^\n]*)')
    local failed = isError == '1' or half.isError == 1
    addCall(calls, service, half.service, half.time, bucket, failed)
  end
end

local function pairUp(at, halves, known)
  if #halves == 0 then return end
  local open, calls = openSlice(at), {}
  for _, half in ipairs(halves) do
    if not known[half.record] then join(open, calls, half) end
  end
  closeSlice(open)
  for _, cell in pairs(calls) do count(at, cell) end
end

function drop.p(least, tenant)
  dropSlice(sliceBase(home .. 'g' .. least.generation .. ':', tenant, least.bucket))
  return 0
end
