-- One message, or one piece of a large one, in one step: position, mark and effect together.
-- KEYS[1]: the record of generations; every other key begins alike and so has its hash tag.
-- ARGV: 1 now, 2 name for a first generation, 3 generation of a rebuild or '',
--   4 partition or '' where no positions are kept, 5 position after this message,
--   6 position that must be there: '' unknown, '-' none; without positions the message before, as
--     'id sequence', 7 id of the message's source, 8 sequence or '' where the id is of the message,
--   9 index of the first record, 10 behind the last one, 11 records of the message, 12 tenant,
--   13 effects or '', 14 shares of each record in them, 15 signal of the tail or '', 16... chunks for it.
-- Returns {status, position, overflowed, halves lost, times cut short of {window, waiting spans,
-- record keys}, tenants refused, bytes of all tenants, {tenant whose window was cut...}, index of each
-- duplicate...}.
local applied, skipped, behind, fenced, afresh, forgotten = 0, 1, 2, 3, 4, 5

local message = { id = ARGV[7], sequence = tonumber(ARGV[8]) }
message.from, message.to, message.total = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

-- What duplicates would have added is taken off again: they are rare, so their shares are read only
-- then.
local function takeOff(cells, known)
  if next(known) == nil then return end
  local shares = cjson.decode(ARGV[14])
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

local function applyTo(generation, account)
  local at = { generation = generation, g = home .. 'g' .. generation .. ':' }
  at.tenant, at.account = ARGV[12], account
  local isMine, isBroken = takeTurn(at, message)
  if isBroken then return afresh, {} end
  if not isMine then return skipped, {} end
  if ARGV[13] == '' or not account then return applied, {} end
  local effects = cjson.decode(ARGV[13])
  local known = noteKeys(at, effects.keys)
  takeOff(effects.cells, known)
  for _, cell in ipairs(effects.cells) do count(at, cell) end
  pairUp(at, effects.halves, known)
  return applied, known
end

local function answer(status, position, known)
  local tenants = {}
  for tenant in pairs(cutTenants) do tenants[#tenants + 1] = tenant end
  local reply = { status, position or '', overflowed, halvesLost }
  reply[5], reply[6], reply[7], reply[8] = { cuts.c, cuts.p, cuts.k }, refused, held, tenants
  for record in pairs(known or {}) do reply[#reply + 1] = record end
  return reply
end

local current, positions, building = openGenerations(ARGV[2])

local function isKept()
  return ARGV[13] ~= '' or ARGV[15] ~= '' or not message.sequence
end

local function closeStep(account)
  if not account then return end
  settle(account)
  makeRoom()
  sweepSilent()
end

if ARGV[3] ~= '' then
  if building ~= ARGV[3] then return answer(fenced) end
  redis.call('HSET', KEYS[1], 'until', now + LEASE_MS)
  local account = isKept() and openAccount(ARGV[12])
  local status, known = applyTo(building, account)
  closeStep(account)
  return answer(status, nil, known)
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

local account = isKept() and openAccount(ARGV[12])
local status, known = applyTo(current, account)
if status == afresh then return answer(afresh, position) end
if building then applyTo(building, account) end
if status == applied and account then writeTail(account, positions, ARGV[15], 16) end
closeStep(account)
if positionKey and message.to >= message.total then
  redis.call('SET', positionKey, ARGV[5], 'PX', KEPT_MS)
  position = ARGV[5]
end
return answer(isForgotten and forgotten or status, position, known)
