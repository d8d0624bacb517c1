-- One message, or one piece of a large one, in one step: position, mark and effect together.
-- KEYS[1]: the record of generations; every other key begins alike and so has its hash tag.
-- ARGV: 1 now, 2 name for a first generation, 3 generation of a rebuild or '',
--   4 partition or '' where no positions are kept, 5 position after this message,
--   6 position that must be there: '' unknown, '-' none; without positions the message before, as
--     'id sequence', 7 id of the message's source, 8 sequence, 9 index of the first record, 10 behind the
--   last one, 11 records of the message, 12 effects or '', 13 shares of each record in them,
--   14 tail or '', 15... chunks for the tail.
-- Returns {status, position, overflowed, slices cut, halves lost, index of each duplicate...}.
local applied, skipped, behind, fenced, afresh, forgotten = 0, 1, 2, 3, 4, 5

local message = { id = ARGV[7], sequence = tonumber(ARGV[8]) }
message.from, message.to, message.total = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

-- What duplicates would have added is taken off again: they are rare, so their shares are read only
-- then.
local function takeOff(cells, known)
  if next(known) == nil then return end
  local shares = cjson.decode(ARGV[13])
  for record in pairs(known) do
    local share = shares[record + 1]
    for i = 1, share and 2 or 0 do
      local fields = cells[share[i] + 1].fields
      for j = 3, #share do
        local left = fields[share[j]] - 1
        fields[share[j]] = left > 0 and left or nil
      end
    end
  end
end

local function applyTo(generation)
  local g = home .. 'g' .. generation .. ':'
  local isMine, isBroken = takeTurn(g, message)
  if isBroken then return afresh, {} end
  if not isMine then return skipped, {} end
  if ARGV[12] == '' then return applied, {} end
  local effects = cjson.decode(ARGV[12])
  local known = noteKeys(g, effects.keys)
  takeOff(effects.cells, known)
  for _, cell in ipairs(effects.cells) do count(g, effects.tenant, cell) end
  pairUp(g, effects.tenant, effects.halves, known)
  return applied, known
end

local function writeTail(positions)
  for i = 15, #ARGV do
    local key = home .. 't:' .. positions .. ':' .. ARGV[14]
    local at = redis.call('INCR', key)
    redis.call('PEXPIRE', key, KEPT_MS)
    redis.call('SET', key .. ':' .. at, ARGV[i], 'PX', TAIL_MS)
    redis.call('UNLINK', key .. ':' .. at - TAIL_CHUNKS)
  end
end

local function answer(status, position, known)
  local reply = { status, position or '', overflowed, pairsCut, halvesLost }
  for record in pairs(known or {}) do reply[#reply + 1] = record end
  return reply
end

local current, positions, building = openGenerations(ARGV[2])

if ARGV[3] ~= '' then
  if building ~= ARGV[3] then return answer(fenced) end
  redis.call('HSET', KEYS[1], 'until', now + LEASE_MS)
  return answer(applyTo(building))
end

local positionKey, position, isForgotten
if ARGV[4] ~= '' then
  positionKey = home .. 'at:' .. positions .. ':' .. ARGV[4]
  position = redis.call('GET', positionKey)
  local wanted = tonumber(ARGV[6])
  if wanted and (tonumber(position) or -1) < wanted then return answer(behind, position) end
  if position and tonumber(ARGV[5]) <= tonumber(position) then return answer(skipped, position) end
elseif ARGV[6] ~= '' then
  local id, sequence = string.match(ARGV[6], '^(.*) (%d+)$')
  local key, bit = markOf(home .. 'g' .. current .. ':', id, tonumber(sequence))
  isForgotten = redis.call('GETBIT', key, bit) == 0
end

local status, known = applyTo(current)
if status == afresh then return answer(afresh, position) end
if building then applyTo(building) end
if status == applied then writeTail(positions) end
if positionKey and message.to >= message.total then
  redis.call('SET', positionKey, ARGV[5], 'PX', KEPT_MS)
  position = ARGV[5]
end
return answer(isForgotten and forgotten or status, position, known)
