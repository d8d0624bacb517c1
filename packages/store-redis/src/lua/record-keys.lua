-- Record keys of this turn and the one before, so that a client's retry counts once. Exact sets of
-- 64-bit integers in shards that stay small enough for Redis to keep them as packed arrays: 8 bytes a
-- record. A level has 2^bits shards; when it is full, the next one has 16 times as many.
local shardMean = 384 -- of the 512 that a packed array may have
local sparseMean = 40 -- a level with more records per shard has no shard that is still to be made

local function levelsOf(key)
  local found = redis.call('HMGET', key, 'bits', 'open')
  local bits, total = {}, 0
  for each in string.gmatch(found[1] or '', '%d+') do
    if #bits > 0 then total = total + shardMean * 2 ^ bits[#bits] end
    bits[#bits + 1] = tonumber(each)
  end
  local open = tonumber(found[2]) or 0
  return bits, open, total + open
end

local function bitsFor(records)
  local bits = 0
  while shardMean * 2 ^ bits < records do bits = bits + 1 end
  return bits
end

local function isMember(key, bits, levels, member, hash)
  for level = 1, levels do
    local shard = key .. ':' .. level .. ':' .. hash % 2 ^ bits[level]
    if redis.call('SISMEMBER', shard, member) == 1 then return true end
  end
  return false
end

-- Notes the keys (member, hash, member, hash, ...) and answers which were there: {[index] = true}.
local function noteKeys(g, keys)
  local turn = math.floor(now / KEYS_MS)
  local key, past = g .. 'k:' .. turn, g .. 'k:' .. turn - 1
  local pastBits, _, pastTotal = levelsOf(past)
  local bits, open = levelsOf(key)
  if #bits == 0 then bits[1] = bitsFor(pastTotal) end
  local known = {}
  for i = 1, #keys, 2 do
    local member, hash = keys[i], keys[i + 1]
    local isKnown = isMember(past, pastBits, #pastBits, member, hash)
      or isMember(key, bits, #bits - 1, member, hash)
    if not isKnown then
      local level = #bits
      local shards = 2 ^ bits[level]
      local shard = key .. ':' .. level .. ':' .. hash % shards
      if redis.call('SADD', shard, member) == 0 then
        isKnown = true
      else
        open = open + 1
        if open <= sparseMean * shards then redis.call('PEXPIRE', shard, 2 * KEYS_MS) end
        if open >= shardMean * shards then
          bits[level + 1], open = bits[level] + 4, 0
        end
      end
    end
    if isKnown then known[(i - 1) / 2] = true end
  end
  redis.call('HSET', key, 'bits', table.concat(bits, ','), 'open', open)
  redis.call('PEXPIRE', key, 2 * KEYS_MS)
  return known
end
