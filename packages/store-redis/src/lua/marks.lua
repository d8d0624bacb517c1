-- Which messages were applied: one bit per sequence of a gateway, epoch and partition, 4 KiB a key.
-- A message that is named by its content has a key of its own, which is its tenant's: for as long as
-- record keys are kept, and not more than a share; beyond it they alone show that records came before.
local marksPerKey = 32768
local contentBytes = 190 -- of such a key, beside its name
local contentShare = 1 / 8

goneAt.m = function(turn) return (turn + 2) * KEYS_MS end

local function markOf(g, id, sequence)
  local block = math.floor(sequence / marksPerKey)
  return g .. 'm:' .. id .. ':' .. block, sequence % marksPerKey
end

local function isMarked(at, message)
  if not message.sequence then return redis.call('EXISTS', at.g .. 'm:' .. message.id) == 1 end
  return redis.call('GETBIT', markOf(at.g, message.id, message.sequence)) == 1
end

local function markContent(at, message)
  local name = nameOf(at.generation, 'm', math.floor(now / KEYS_MS))
  local account = at.account
  if not account then return end
  if (account.fields[name] or 0) >= TENANT_BYTES_MAX * contentShare then return end
  local key = at.g .. 'm:' .. message.id
  redis.call('SET', key, 1, 'PX', 2 * KEYS_MS)
  charge(account, name, contentBytes + #key)
end

local function mark(at, message)
  if not message.sequence then return markContent(at, message) end
  local key, bit = markOf(at.g, message.id, message.sequence)
  redis.call('SETBIT', key, bit, 1)
  redis.call('PEXPIRE', key, KEPT_MS)
end

-- True when this piece of the message is not applied yet. A message of many records comes in pieces,
-- each of them a step; `afresh` when earlier pieces of it are missing here.
local function takeTurn(at, message)
  if isMarked(at, message) then return false end
  if message.from > 0 or message.to < message.total then
    local progress = at.g .. 'upto:' .. message.id .. ':' .. (message.sequence or '')
    local done = tonumber(redis.call('GET', progress) or 0)
    if done >= message.to then return false end
    if done < message.from then return false, true end
    -- Where pieces were cut elsewhere the last time, what they share is known by its record keys.
    if message.to < message.total then
      redis.call('SET', progress, message.to, 'PX', KEPT_MS)
      return true
    end
    redis.call('UNLINK', progress)
  end
  mark(at, message)
  return true
end
