-- One record says which generation of keys is in use and which one a rebuild makes beside it. It is
-- read within every step, so no process can miss the beginning or the end of a rebuild.
local now = tonumber(ARGV[1])
local home = string.sub(KEYS[1], 1, -5) -- KEYS[1] ends in 'gens'
-- Of which there may be keys: by name, and of the tail, which outlives them, the first one.
local generations, tailGeneration = {}, ''
local held = 0 -- bytes of all tenants

local function openGenerations(fresh)
  local names = { 'current', 'positions', 'building', 'until', 'touched', 'held' }
  local found = redis.call('HMGET', KEYS[1], unpack(names))
  local current, positions, building = found[1], found[2], found[3]
  if not current then
    current, positions = fresh, fresh
    redis.call('HSET', KEYS[1], 'current', current, 'positions', positions)
    redis.call('UNLINK', home .. 'bytes', home .. 'swept')
  end
  held = tonumber(found[6]) or 0
  generations, tailGeneration = { [current] = true }, positions
  if building then generations[building] = true end
  -- The process that made it died: what it made is dropped by the next rebuild, or expires.
  if building and tonumber(found[4]) <= now then building = false end
  local touched = tonumber(found[5]) or 0
  if now - touched > 60000 or now < touched then
    redis.call('HSET', KEYS[1], 'touched', now)
    for _, key in ipairs({ KEYS[1], home .. 'bytes', home .. 'swept' }) do
      redis.call('PEXPIRE', key, KEPT_MS)
    end
  end
  return current, positions, building
end
