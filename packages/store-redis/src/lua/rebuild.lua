#!lua
-- Begins, prolongs, ends or abandons a rebuild.
-- KEYS[1]: the record of generations. ARGV: 1 step, 2 generation, 3 now, 4 lease, 5 name for a first
-- generation, 6 how long the record is kept. Returns {1, generation to drop or ''}, or {0}.
local step, generation, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local found = redis.call('HMGET', KEYS[1], 'current', 'building', 'until')
local current, building = found[1], found[2]
local isAlive = building and tonumber(found[3]) > now

local function hold(drop)
  redis.call('HSET', KEYS[1], 'building', generation, 'until', now + tonumber(ARGV[4]))
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  return { 1, drop }
end

if step == 'begin' then
  if isAlive then return { 0 } end
  if not current then redis.call('HSET', KEYS[1], 'current', ARGV[5], 'positions', ARGV[5]) end
  return hold(building or '')
end
if building ~= generation or not isAlive then return { 0 } end
if step == 'prolong' then return hold('') end
redis.call('HDEL', KEYS[1], 'building', 'until')
if step == 'abandon' then return { 1, generation } end
redis.call('HSET', KEYS[1], 'current', generation)
return { 1, current }
