-- SPDX-License-Identifier: MIT
-- Found in front of Firmo's own lib/tools/parallel.
return require("firmo-jobs.parallel")
