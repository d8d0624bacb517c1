-- Calls between services: a client or producer span and its server or consumer children, whichever
-- comes first. Halves wait in two slices of at most PENDING_MAX; a full or old slice pushes out the
-- one before the last.
local pairShards = 1024
local waitingBytesMax = 1000
local pairsCut, halvesLost = 0, 0

local function dropSlice(base, slice)
  local keys = {}
  for shard = 1, pairShards do keys[shard] = base .. slice .. ':' .. shard - 1 end
  redis.call('UNLINK', unpack(keys))
end

local function openSlice(g, tenant)
  local key = g .. 'p:' .. tenant
  local found = redis.call('HMGET', key, 'slice', 'halves', 'since')
  local slice, halves = tonumber(found[1]) or 0, tonumber(found[2]) or 0
  local since = tonumber(found[3]) or now
  local base = key .. ':'
  local isFull = halves >= PENDING_MAX
  if isFull then pairsCut = pairsCut + 1 end
  if isFull or now - since >= WAIT_MS then
    dropSlice(base, slice - 1)
    -- After a long silence what waits is too old as well.
    if now - since >= 2 * WAIT_MS then dropSlice(base, slice) end
    slice, halves, since = slice + 1, 0, now
  end
  return { key = key, base = base, slice = slice, halves = halves, since = since }
end

local function closeSlice(open)
  redis.call('HSET', open.key, 'slice', open.slice, 'halves', open.halves, 'since', open.since)
  redis.call('PEXPIRE', open.key, KEPT_MS)
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
  redis.call('HSET', shard, pair, value)
  open.halves = open.halves + 1
  if open.halves <= sparseMean * pairShards then redis.call('PEXPIRE', shard, KEPT_MS) end
end

local function join(open, calls, half)
  local shard = open.base .. open.slice .. ':' .. half.shard
  local found = redis.call('HGET', shard, half.pair)
  if not found then
    local before = open.base .. open.slice - 1 .. ':' .. half.shard
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
    else
      halvesLost = halvesLost + 1
    end
  else
    local bucket, isError, service = string.match(found, 'c\n([^\n]*)\n([^\n]*)\n([^\n]*)')
    local failed = isError == '1' or half.isError == 1
    addCall(calls, service, half.service, half.time, bucket, failed)
  end
end

local function pairUp(g, tenant, halves, known)
  if #halves == 0 then return end
  local open, calls = openSlice(g, tenant), {}
  for _, half in ipairs(halves) do
    if not known[half.record] then join(open, calls, half) end
  end
  closeSlice(open)
  for _, cell in pairs(calls) do count(g, tenant, cell) end
end
