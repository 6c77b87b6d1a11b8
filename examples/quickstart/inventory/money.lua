-- SPDX-License-Identifier: MIT
-- An amount in whole cents, so that adding prices never rounds.

local Money = {}
Money.__index = Money

function Money.new(cents, currency)
	if cents % 1 ~= 0 then
		error("cents are whole", 2)
	end
	return setmetatable({ cents = cents, currency = currency or "EUR" }, Money)
end

-- Reads "12.50 EUR", "-3 USD" or "0.05"; nil and a message for anything else.
function Money.parse(text)
	local sign, whole, rest = text:match("^(%-?)(%d+)(.*)$")
	local fraction, currency = "00", rest
	if rest and rest:sub(1, 1) == "." then
		fraction, currency = rest:match("^%.(%d%d)(.*)$")
	end
	currency = currency and (currency == "" and "EUR" or currency:match("^ (%u%u%u)$"))
	if not (whole and fraction and currency) then
		return nil, ("not an amount: %q"):format(text)
	end
	local cents = tonumber(whole) * 100 + tonumber(fraction)
	return Money.new(sign == "-" and -cents or cents, currency)
end

local function same_currency(a, b)
	if a.currency ~= b.currency then
		error(("%s and %s do not mix"):format(a.currency, b.currency), 3)
	end
end

function Money.__add(a, b)
	same_currency(a, b)
	return Money.new(a.cents + b.cents, a.currency)
end

function Money.__eq(a, b)
	return a.cents == b.cents and a.currency == b.currency
end

function Money.__lt(a, b)
	same_currency(a, b)
	return a.cents < b.cents
end

function Money:__tostring()
	local cents = math.abs(self.cents)
	local sign = self.cents < 0 and "-" or ""
	return ("%s%d.%02d %s"):format(sign, math.floor(cents / 100), cents % 100, self.currency)
end

-- Splits into `parts` amounts that differ by a cent at most and add up to the whole.
function Money:split(parts)
	local share, left = math.floor(self.cents / parts), self.cents % parts
	local shares = {}
	for i = 1, parts do
		shares[i] = Money.new(share + (i <= left and 1 or 0), self.currency)
	end
	return shares
end

return Money
