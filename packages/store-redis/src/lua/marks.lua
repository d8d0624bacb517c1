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
  if message.pieces == 1 then
    if redis.call('SETBIT', key, bit, 1) == 1 then return false end
    redis.call('PEXPIRE', key, KEPT_MS)
    return true
  end
  if redis.call('GETBIT', key, bit) == 1 then return false end
  local progress = g .. 'part:' .. message.id .. ':' .. message.sequence
  local done = tonumber(redis.call('GET', progress) or 0)
  if done > message.piece then return false end
  if done < message.piece then return false, true end
  if message.piece + 1 < message.pieces then
    redis.call('SET', progress, message.piece + 1, 'PX', KEPT_MS)
  else
    redis.call('UNLINK', progress)
    redis.call('SETBIT', key, bit, 1)
    redis.call('PEXPIRE', key, KEPT_MS)
  end
  return true
end
