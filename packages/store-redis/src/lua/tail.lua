-- The records that came last, as they are shown: per tenant and signal a ring of TAIL_CHUNKS values.
-- It outlives a rebuild, under the name that the first generation had.
local function tailKey(positions, tenant, signal)
  return home .. 't:' .. positions .. ':' .. tenant .. ':' .. signal
end

-- From the oldest minute that is counted: what the ring pushes out was written then.
local function releaseOldest(account, positions, signal, bytes)
  local oldest
  for name in pairs(account.fields) do
    local generation, part, minute = placeOf(name)
    if generation == positions and part == signal then
      oldest = math.min(minute, oldest or minute)
    end
  end
  if oldest then release(account, nameOf(positions, signal, oldest), bytes) end
end

local function writeTail(account, positions, signal, from)
  local key = tailKey(positions, account.tenant, signal)
  local name = nameOf(positions, signal, math.floor(now / 60000))
  for i = from, #ARGV do
    local at = redis.call('INCR', key)
    redis.call('PEXPIRE', key, KEPT_MS)
    redis.call('SET', key .. ':' .. at, ARGV[i], 'PX', TAIL_MS)
    charge(account, name, sizeOf(key .. ':' .. at))
    local pushed = key .. ':' .. at - TAIL_CHUNKS
    local bytes = sizeOf(pushed)
    if bytes > 0 then
      redis.call('UNLINK', pushed)
      releaseOldest(account, positions, signal, bytes)
    end
  end
end

-- Half of it, from the oldest value that is there: under a flood all of the ring is of one minute.
local function dropTail(signal)
  return function(least, tenant, bytes)
    local key = tailKey(least.generation, tenant, signal)
    local newest = tonumber(redis.call('GET', key) or 0)
    local freed = 0
    for at = math.max(1, newest - TAIL_CHUNKS + 1), newest do
      if freed >= bytes / 2 then return bytes - freed end
      freed = freed + sizeOf(key .. ':' .. at)
      redis.call('UNLINK', key .. ':' .. at)
    end
    return 0
  end
end

for _, signal in ipairs({ 'logs', 'traces' }) do
  goneAt[signal] = function(minute) return minute * 60000 + 60000 + TAIL_MS end
  drop[signal] = dropTail(signal)
end
