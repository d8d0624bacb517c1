-- Cells: one hash per name and minute with requests (n0 to n5) and errors (e0 to e5) per 10 s, a
-- histogram of durations (h0 to h223) and the last time seen (l). Names of a minute are listed in
-- chunks per scope: s services, o:<service> operations, e edges of the map.
local namesPerChunk = 24
local overflowed = 0
local smallBytes = 190 -- of a counter, or of a list without its names; beside its own name
local nameBytes = 12 -- of a name in a list, beside its characters
local minuteShare = 1 / 8 -- of the tenant's bytes: then new names of the minute find no room

goneAt.c = function(minute) return minute * 60000 + 60000 + WINDOW_MS end

local function idOf(kind, name)
  return string.sub(redis.sha1hex(kind .. '\0' .. name), 1, 16)
end

local function leftOf(minute)
  return goneAt.c(minute) - now
end

local function cellKey(g, tenant, minute, id)
  return g .. 'c:' .. tenant .. ':' .. minute .. ':' .. id
end

local function indexKey(g, tenant, minute, scope)
  return g .. 'i:' .. tenant .. ':' .. minute .. ':' .. scope
end

local function namesKey(g, tenant, minute)
  return g .. 'n:' .. tenant .. ':' .. minute
end

local function chargeMinute(at, minute, bytes)
  charge(at.account, nameOf(at.generation, 'c', minute), bytes)
end

-- A new name finds room among the tenant's names of the minute; one of the minute before has more.
local function admit(at, cell)
  local key = namesKey(at.g, at.tenant, cell.minute)
  local names = tonumber(redis.call('GET', key) or 0)
  local bytes = at.account.fields[nameOf(at.generation, 'c', cell.minute)] or 0
  local full = math.max(names / SERIES_MAX, bytes / (TENANT_BYTES_MAX * minuteShare))
  if full >= 2 then return false end
  if full >= 1 then
    local before = cellKey(at.g, at.tenant, cell.minute - 1, cell.id)
    if redis.call('EXISTS', before) == 0 then return false end
  end
  if redis.call('INCR', key) == 1 then
    redis.call('PEXPIRE', key, leftOf(cell.minute))
    chargeMinute(at, cell.minute, smallBytes + #key)
  end
  return true
end

local function list(at, cell)
  local index = indexKey(at.g, at.tenant, cell.minute, cell.scope)
  local place = redis.call('INCR', index) - 1
  local chunk = index .. ':' .. math.floor(place / namesPerChunk)
  redis.call('RPUSH', chunk, cell.name)
  local bytes = nameBytes + #cell.name
  if place % namesPerChunk == 0 then
    local left = leftOf(cell.minute)
    redis.call('PEXPIRE', index, left)
    redis.call('PEXPIRE', chunk, left)
    bytes = bytes + 2 * smallBytes + #index + #chunk
  end
  chargeMinute(at, cell.minute, bytes)
end

-- Where what found no room is counted: under its service when that one has room.
local function otherOf(at, cell)
  local kind = string.sub(cell.scope, 1, 1)
  local other = { scope = cell.scope, minute = cell.minute, last = cell.last }
  other.fields, other.isOther = cell.fields, true
  if kind == 's' then
    other.name = OTHER
  elseif kind == 'e' then
    other.name = OTHER .. '\0' .. OTHER
  else
    local service = string.match(cell.name, '^[^%z]*')
    local known = cellKey(at.g, at.tenant, cell.minute, idOf('s', service))
    if redis.call('EXISTS', known) == 0 then service = OTHER end
    other.scope = 'o:' .. idOf('s', service)
    other.name = service .. '\0000\0' .. OTHER
  end
  other.id = idOf(kind, other.name)
  return other
end

local function count(at, cell)
  if next(cell.fields) == nil or leftOf(cell.minute) <= 0 then return end
  local key = cellKey(at.g, at.tenant, cell.minute, cell.id)
  local names = { 'l' }
  for name in pairs(cell.fields) do names[#names + 1] = name end
  local old = redis.call('HMGET', key, unpack(names))
  local isNew = not old[1]
  if isNew then
    if not cell.isOther and not admit(at, cell) then
      overflowed = overflowed + 1
      return count(at, otherOf(at, cell))
    end
    list(at, cell)
  end
  local args = { 'l', math.max(cell.last, tonumber(old[1]) or 0) }
  local grows = isNew
  for i = 2, #names do
    args[#args + 1] = names[i]
    args[#args + 1] = cell.fields[names[i]] + (tonumber(old[i]) or 0)
    grows = grows or not old[i]
  end
  local before = grows and sizeOf(key)
  redis.call('HSET', key, unpack(args))
  if grows then chargeMinute(at, cell.minute, sizeOf(key) - before) end
  if isNew then redis.call('PEXPIRE', key, leftOf(cell.minute)) end
end

-- Every operation is listed under a service that is listed itself: services are counted first.
function drop.c(least, tenant)
  local g, minute = home .. 'g' .. least.generation .. ':', least.bucket
  local keys = { namesKey(g, tenant, minute) }
  local function dropScope(scope)
    local index, kind = indexKey(g, tenant, minute, scope), string.sub(scope, 1, 1)
    local names = tonumber(redis.call('GET', index) or 0)
    keys[#keys + 1] = index
    for chunk = 0, math.ceil(names / namesPerChunk) - 1 do
      keys[#keys + 1] = index .. ':' .. chunk
      for _, name in ipairs(redis.call('LRANGE', index .. ':' .. chunk, 0, -1)) do
        local id = idOf(kind, name)
        keys[#keys + 1] = cellKey(g, tenant, minute, id)
        if kind == 's' then dropScope('o:' .. id) end
      end
    end
  end
  dropScope('s')
  dropScope('e')
  unlink(keys)
  return 0
end
