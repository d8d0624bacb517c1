-- What each tenant keeps, in bytes: a hash per tenant with a field for each generation, part and
-- bucket of it, such as 'g1:c:29461'. The number of a bucket says when Redis has removed it. `bytes`
-- orders the tenants by what they have, `swept` by when that was last looked through.

-- Of a key that expires, beside what MEMORY USAGE reports: places in two tables that grow in powers of two.
local entryBytes = 96
local sweepMs = 60000
local sweptMax = 256
local roomShare = 1 / 64 -- so that a full store looks for room once in a while, not in each step

-- By part (a character such as `c`, or a signal of the tail): when a bucket is gone, and how to drop it
-- before, which returns what is left of it.
local goneAt, drop = {}, {}
-- By part: how often a bucket was dropped before its time.
local cuts = { c = 0, k = 0, p = 0 }
local cutTenants = {} -- whose window became shorter
local refused = 0

-- Exact up to the samples that Redis takes of a large value.
local function sizeOf(key)
  local bytes = redis.call('MEMORY', 'USAGE', key)
  return bytes and bytes + entryBytes or 0
end

local function nameOf(generation, part, bucket)
  return string.format('%s:%s:%.0f', generation, part, bucket)
end

local function placeOf(name)
  local generation, part, bucket = string.match(name, '^(%w+):(%a+):(%d+)$')
  return generation, part, tonumber(bucket)
end

local function set(account, name, bytes)
  account.bytes = account.bytes - (account.fields[name] or 0) + (bytes or 0)
  account.fields[name] = bytes
  account.dirty[name] = true
end

local function sweep(account)
  account.isSwept = true
  for name in pairs(account.fields) do
    local generation, part, bucket = placeOf(name)
    local isKnown = generations[generation]
    if #part > 1 then isKnown = generation == tailGeneration end
    if not isKnown or goneAt[part](bucket) <= now then set(account, name, nil) end
  end
end

-- Nothing when there is no room for one more tenant.
local function openAccount(tenant)
  local swept = redis.call('ZSCORE', home .. 'swept', tenant)
  if not swept and redis.call('ZCARD', home .. 'bytes') >= TENANTS_MAX then
    refused = refused + 1
    return nil
  end
  local account = { tenant = tenant, fields = {}, dirty = {}, bytes = TENANT_BYTES }
  account.before = tonumber(redis.call('ZSCORE', home .. 'bytes', tenant) or 0)
  account.key = home .. 'b:' .. tenant
  local found = redis.call('HGETALL', account.key)
  for i = 1, #found, 2 do
    account.fields[found[i]] = tonumber(found[i + 1])
    account.bytes = account.bytes + found[i + 1]
  end
  local since = now - (tonumber(swept) or 0)
  if since >= sweepMs or since < 0 then sweep(account) end
  return account
end

local function charge(account, name, bytes)
  if bytes == 0 then return end
  set(account, name, (account.fields[name] or 0) + math.ceil(bytes))
end

local function release(account, name, bytes)
  local left = (account.fields[name] or 0) - bytes
  set(account, name, left > 0 and left or nil)
end

local function closeAccount(account)
  local kept, gone = {}, {}
  for name in pairs(account.dirty) do
    local bytes = account.fields[name]
    if bytes then
      kept[#kept + 1] = name
      kept[#kept + 1] = bytes
    else
      gone[#gone + 1] = name
    end
  end
  account.dirty = {}
  if #kept > 0 then redis.call('HSET', account.key, unpack(kept)) end
  if #gone > 0 then redis.call('HDEL', account.key, unpack(gone)) end
  local after = next(account.fields) and account.bytes or 0
  if after == 0 then
    redis.call('ZREM', home .. 'bytes', account.tenant)
    redis.call('ZREM', home .. 'swept', account.tenant)
  elseif after ~= account.before then
    redis.call('ZADD', home .. 'bytes', after, account.tenant)
  end
  if account.isSwept and after > 0 then
    redis.call('ZADD', home .. 'swept', now, account.tenant)
    for _, key in ipairs({ account.key, home .. 'bytes', home .. 'swept' }) do
      redis.call('PEXPIRE', key, KEPT_MS)
    end
  end
  if after ~= account.before then
    held = held + after - account.before
    redis.call('HSET', KEYS[1], 'held', held)
    account.before = after
  end
end

-- The bucket to go next: the oldest of the largest part.
local function worst(account)
  local parts, largest = {}, nil
  for name, bytes in pairs(account.fields) do
    local generation, part, bucket = placeOf(name)
    local id = generation .. part
    local sum = parts[id] or { generation = generation, part = part, bytes = 0, bucket = bucket }
    parts[id] = sum
    sum.bytes, sum.bucket = sum.bytes + bytes, math.min(sum.bucket, bucket)
    if drop[part] and (not largest or sum.bytes > largest.bytes) then largest = sum end
  end
  return largest
end

local function giveWay(account)
  local least = worst(account)
  if not least then return false end
  local name = nameOf(least.generation, least.part, least.bucket)
  local left = drop[least.part](least, account.tenant, account.fields[name])
  set(account, name, left > 0 and left or nil)
  if cuts[least.part] then cuts[least.part] = cuts[least.part] + 1 end
  if least.part == 'c' then cutTenants[account.tenant] = true end
  return true
end

-- A tenant keeps within its own bound, whatever room the others leave.
local function settle(account)
  while account.bytes > TENANT_BYTES_MAX and giveWay(account) do end
  closeAccount(account)
end

-- When all together have too much, the one with the most gives way.
local function makeRoom()
  if held <= BYTES_MAX then return end
  -- From scratch, in case that Redis dropped something of its own accord.
  local bytes = redis.call('ZRANGE', home .. 'bytes', 0, -1, 'WITHSCORES')
  held = 0
  for i = 2, #bytes, 2 do held = held + bytes[i] end
  redis.call('HSET', KEYS[1], 'held', held)
  for _, tenant in ipairs(redis.call('ZRANGE', home .. 'swept', 0, sweptMax - 1)) do
    local account = openAccount(tenant)
    sweep(account)
    closeAccount(account)
  end
  while held > BYTES_MAX * (1 - roomShare) do
    local tenant = redis.call('ZREVRANGE', home .. 'bytes', 0, 0)[1]
    local account = tenant and openAccount(tenant)
    if not account then return end
    sweep(account)
    if account.bytes >= account.before and not giveWay(account) then return end
    closeAccount(account)
  end
end

-- Of tenants that fell silent; those that write are looked through as they do.
local function sweepSilent()
  local oldest = redis.call('ZRANGE', home .. 'swept', 0, 0, 'WITHSCORES')
  if not oldest[1] or now - oldest[2] < sweepMs then return end
  closeAccount(openAccount(oldest[1]))
end

local function unlink(keys)
  for at = 1, #keys, 1000 do
    redis.call('UNLINK', unpack(keys, at, math.min(at + 999, #keys)))
  end
end
