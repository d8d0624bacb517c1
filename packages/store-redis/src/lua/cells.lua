-- Cells: one hash per name and minute with requests (n0 to n5) and errors (e0 to e5) per 10 s, a
-- histogram of durations (h0 to h223) and the last time seen (l). Names of a minute are listed in
-- chunks per scope: s services, o:<service> operations, e edges of the map.
local namesPerChunk = 24
local overflowed = 0

local function idOf(kind, name)
  return string.sub(redis.sha1hex(kind .. '\0' .. name), 1, 16)
end

local function leftOf(minute)
  return minute * 60000 + 60000 + WINDOW_MS - now
end

local function cellKey(g, tenant, minute, id)
  return g .. 'c:' .. tenant .. ':' .. minute .. ':' .. id
end

-- A new name finds room among the tenant's names of the minute; one of the minute before has more.
local function admit(g, tenant, cell)
  local key = g .. 'n:' .. tenant .. ':' .. cell.minute
  local names = tonumber(redis.call('GET', key) or 0)
  if names >= 2 * SERIES_MAX then return false end
  if names >= SERIES_MAX then
    local before = cellKey(g, tenant, cell.minute - 1, cell.id)
    if redis.call('EXISTS', before) == 0 then return false end
  end
  if redis.call('INCR', key) == 1 then redis.call('PEXPIRE', key, leftOf(cell.minute)) end
  return true
end

local function list(g, tenant, cell)
  local index = g .. 'i:' .. tenant .. ':' .. cell.minute .. ':' .. cell.scope
  local at = redis.call('INCR', index) - 1
  local chunk = index .. ':' .. math.floor(at / namesPerChunk)
  redis.call('RPUSH', chunk, cell.name)
  if at % namesPerChunk == 0 then
    local left = leftOf(cell.minute)
    redis.call('PEXPIRE', index, left)
    redis.call('PEXPIRE', chunk, left)
  end
end

-- Where what found no room is counted: under its service when that one has room.
local function otherOf(g, tenant, cell)
  local kind = string.sub(cell.scope, 1, 1)
  local other = { scope = cell.scope, minute = cell.minute, last = cell.last }
  other.fields, other.isOther = cell.fields, true
  if kind == 's' then
    other.name = OTHER
  elseif kind == 'e' then
    other.name = OTHER .. '\0' .. OTHER
  else
    local service = string.match(cell.name, '^[^%z]*')
    local known = cellKey(g, tenant, cell.minute, idOf('s', service))
    if redis.call('EXISTS', known) == 0 then service = OTHER end
    other.scope = 'o:' .. idOf('s', service)
    other.name = service .. '\0000\0' .. OTHER
  end
  other.id = idOf(kind, other.name)
  return other
end

local function count(g, tenant, cell)
  if next(cell.fields) == nil or leftOf(cell.minute) <= 0 then return end
  local key = cellKey(g, tenant, cell.minute, cell.id)
  local names = { 'l' }
  for name in pairs(cell.fields) do names[#names + 1] = name end
  local old = redis.call('HMGET', key, unpack(names))
  local isNew = not old[1]
  if isNew then
    if not cell.isOther and not admit(g, tenant, cell) then
      overflowed = overflowed + 1
      return count(g, tenant, otherOf(g, tenant, cell))
    end
    list(g, tenant, cell)
  end
  local args = { 'l', math.max(cell.last, tonumber(old[1]) or 0) }
  for i = 2, #names do
    args[#args + 1] = names[i]
    args[#args + 1] = cell.fields[names[i]] + (tonumber(old[i]) or 0)
  end
  redis.call('HSET', key, unpack(args))
  if isNew then redis.call('PEXPIRE', key, leftOf(cell.minute)) end
end
