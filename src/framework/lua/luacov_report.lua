-- SPDX-License-Identifier: MIT
-- Has LuaCov make the report that a worker would have made, of the stats of all workers: run as `lua - STATS`, in the
-- project's folder, with its settings there.
local stats = ...
local runner = require("luacov.runner")
local settings = runner.load_config()
settings.statsfile = stats
runner.run_report(settings)
