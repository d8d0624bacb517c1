-- Record keys of this turn and the one before, so that a client's retry counts once; a turn is named
-- by the time at which it began. Exact sets of 64-bit integers in shards that stay small enough for
-- Redis to keep them as packed arrays: 8 bytes a record. A level has 2^bits shards; when it is full,
-- the next one has 16 times as many.
local shardMean = 384
local shardMax = 480 -- of the 512 that a packed array may have: keys may be chosen to meet in one
local keyBytes = 10 -- with what the allocator rounds up
local keyShardBytes = 190 -- beside its name
local shardsDropped = 2000

goneAt.k = function(turn) return turn + 2 * KEYS_MS end

local function turnsKey(generation, tenant)
  return home .. 'g' .. generation .. ':k:' .. tenant
end

local function turnKey(turns, turn)
  return string.format('%s:%.0f', turns, turn)
end

local function beginTurn(turns, turn, before)
  redis.call('HSET', turns, 'turn', turn, 'before', before or '')
  redis.call('PEXPIRE', turns, KEPT_MS)
end

-- This turn and the one before, which is nothing when it is too old.
local function openTurn(turns)
  local found = redis.call('HMGET', turns, 'turn', 'before')
  local turn, before = tonumber(found[1]), tonumber(found[2])
  if not turn or now - turn >= KEYS_MS then
    turn, before = math.max(now, (turn or 0) + 1), turn
    beginTurn(turns, turn, before)
  end
  return turn, before and now < goneAt.k(before) and before or nil
end

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

-- Whether it was there, and the bytes that it takes: none where the shard has no room.
local function addMember(shard, member)
  local size = redis.call('SCARD', shard)
  if size >= shardMax then
    cuts.k = cuts.k + 1
    return redis.call('SISMEMBER', shard, member) == 1, 0
  end
  if redis.call('SADD', shard, member) == 0 then return true, 0 end
  if size > 0 then return false, keyBytes end
  redis.call('PEXPIRE', shard, 2 * KEYS_MS)
  return false, keyBytes + keyShardBytes + #shard
end

-- Notes the keys (member, hash, member, hash, ...) and answers which were there: {[index] = true}.
local function noteKeys(at, keys)
  local turns = turnsKey(at.generation, at.tenant)
  local turn, before = openTurn(turns)
  local key, past = turnKey(turns, turn), turnKey(turns, before or 0)
  local pastBits, _, pastTotal = levelsOf(past)
  local bits, open = levelsOf(key)
  if #bits == 0 then bits[1] = bitsFor(pastTotal) end
  local known, added = {}, 0
  for i = 1, #keys, 2 do
    local member, hash = keys[i], keys[i + 1]
    local isKnown = isMember(past, pastBits, #pastBits, member, hash)
      or isMember(key, bits, #bits - 1, member, hash)
    if not isKnown then
      local level = #bits
      local shards = 2 ^ bits[level]
      local bytes
      isKnown, bytes = addMember(key .. ':' .. level .. ':' .. hash % shards, member)
      added = added + bytes
      if bytes > 0 then
        open = open + 1
        if open >= shardMean * shards then
          bits[level + 1], open = bits[level] + 4, 0
        end
      end
    end
    if isKnown then known[(i - 1) / 2] = true end
  end
  redis.call('HSET', key, 'bits', table.concat(bits, ','), 'open', open)
  redis.call('PEXPIRE', key, 2 * KEYS_MS)
  if added > 0 then charge(at.account, nameOf(at.generation, 'k', turn), added) end
  return known
end

-- Some of the shards, since there may be very many, and Redis does nothing else meanwhile. What comes
-- later goes into another turn.
function drop.k(least, tenant, bytes)
  local turns = turnsKey(least.generation, tenant)
  if tonumber(redis.call('HGET', turns, 'turn')) == least.bucket then
    beginTurn(turns, math.max(now, least.bucket + 1), least.bucket)
  end
  local key = turnKey(turns, least.bucket)
  local from = tonumber(redis.call('HGET', key, 'dropped') or 0)
  local to, keys, total, freed = from + shardsDropped, {}, 0, 0
  for level, bits in ipairs(levelsOf(key)) do
    local shards = 2 ^ bits
    for i = math.max(0, from - total), math.min(shards, to - total) - 1 do
      local shard = key .. ':' .. level .. ':' .. i
      local size = redis.call('SCARD', shard)
      if size > 0 then freed = freed + size * keyBytes + keyShardBytes + #shard end
      keys[#keys + 1] = shard
    end
    total = total + shards
  end
  unlink(keys)
  if to < total then
    redis.call('HSET', key, 'dropped', to)
    return bytes - freed
  end
  redis.call('UNLINK', key)
  return 0
end
