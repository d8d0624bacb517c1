-- Which messages were applied: one bit per sequence of a gateway, epoch and partition, 4 KiB a key.
local marksPerKey = 32768

local function markOf(g, id, sequence)
  local block = math.floor(sequence / marksPerKey)
  return g .. 'm:' .. id .. ':' .. block, sequence % marksPerKey
end

-- True when this piece of the message is not applied yet. A message of many records comes in pieces,
-- each of them a step; `afresh` when earlier pieces of it are missing here.
local function takeTurn(g, message)
  local key, bit = markOf(g, message.id, message.sequence)
  if message.from == 0 and message.to >= message.total then
    if redis.call('SETBIT', key, bit, 1) == 1 then return false end
    redis.call('PEXPIRE', key, KEPT_MS)
    return true
  end
  if redis.call('GETBIT', key, bit) == 1 then return false end
  local progress = g .. 'upto:' .. message.id .. ':' .. message.sequence
  local done = tonumber(redis.call('GET', progress) or 0)
  if done >= message.to then return false end
  if done < message.from then return false, true end
  -- Where pieces were cut elsewhere the last time, what they share is known by its record keys.
  if message.to < message.total then
    redis.call('SET', progress, message.to, 'PX', KEPT_MS)
  else
    redis.call('UNLINK', progress)
    redis.call('SETBIT', key, bit, 1)
    redis.call('PEXPIRE', key, KEPT_MS)
  end
  return true
end
