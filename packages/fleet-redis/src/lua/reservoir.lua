#!lua flags=allow-oom
-- A quota that many processes share: it fills up at the rate, up to the burst, and parts are taken from it. Times are
-- those of Redis, so the clocks of the processes do not matter; while its own runs backwards nothing is filled up.
-- Small, and as many as there are quotas, so a full Redis takes it, too.
-- KEYS[1]: hash of `level` and `atMs`. ARGV: 1 wanted, 2 the part of what remains that goes to one process at once, 3 rate
-- per second, 4 burst, 5 how long it is kept without a lease, 6 '' or the time instead of that of Redis.
-- Returns what is granted, as text: Redis would cut a number to a whole one.
local wanted, share, keptMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
local perMs, burst = tonumber(ARGV[3]) / 1000, tonumber(ARGV[4])
-- A quarter of a second's worth is there at first, and fits in any case.
local first = 250 * perMs
local most = math.max(first, burst)

local nowMs = tonumber(ARGV[6])
if not nowMs then
  local time = redis.call('TIME')
  nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
end

local level = first
local kept = redis.call('HMGET', KEYS[1], 'level', 'atMs')
if kept[1] then
  level = math.min(most, tonumber(kept[1]) + math.max(0, nowMs - tonumber(kept[2])) * perMs)
end

-- A crumb is given whole: of what is hardly there no part is worth a call.
local part = math.max(level * share, first / 100)
local granted = math.max(0, math.min(wanted, part, level))
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level - granted), 'atMs', string.format('%.0f', nowMs))
redis.call('PEXPIRE', KEYS[1], keptMs)
return string.format('%.6f', granted)
