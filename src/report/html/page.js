// Adds what a page cannot do by itself: colours by choice, tables that sort, a search.
(() => {
	"use strict";
	const root = document.documentElement;
	const all = (selector, from = document) => [...from.querySelectorAll(selector)];
	const get = id => document.getElementById(id);

	// ---- colours ----

	const system = matchMedia("(prefers-color-scheme: dark)");
	const dark = get("dark");
	const chosen = "firmo-jobs-colours";

	// Where the browser keeps nothing for a page, a choice holds until it is left.
	const keep = act => {
		try {
			return act(localStorage);
		} catch {
			return null;
		}
	};
	const ofSystem = () => system.matches ? "dark" : "light";
	const isDark = () => (root.style.colorScheme || ofSystem()) === "dark";
	const show = () => dark.setAttribute("aria-pressed", isDark());

	dark.onclick = () => {
		const scheme = isDark() ? "light" : "dark";
		root.style.colorScheme = scheme === ofSystem() ? "" : scheme;
		keep(storage => storage.setItem(chosen, root.style.colorScheme));
		show();
	};
	root.style.colorScheme = keep(storage => storage.getItem(chosen)) || "";
	system.onchange = show;
	show();

	// ---- sorting ----

	const severity = ["fail", "error", "timeout", "limit", "quarantine", "notrun", "skip", "pending", "pass"];
	const collator = new Intl.Collator("en", { numeric: true });

	// What is unknown stands last, whichever way the rest goes.
	const compare = {
		number: (a, b, way) => isNaN(a) || isNaN(b) ? isNaN(a) - isNaN(b) : (a - b) * way,
		text: (a, b, way) => collator.compare(a, b) * way,
	};

	const sort = (table, heads, th) => {
		const body = table.tBodies[0];
		const column = heads.indexOf(th);
		const words = !th.matches(".n, .status");
		const before = th.getAttribute("aria-sort");
		const up = before ? before === "descending" : words || th.matches(".status");
		const keyOf = row => {
			const text = row.cells[column].textContent;
			return words ? text : th.matches(".n") ? parseFloat(text) : severity.indexOf(text);
		};
		const order = compare[words ? "text" : "number"];
		const rows = [...body.rows].map(row => ({ row, key: keyOf(row) }));
		rows.sort((a, b) => order(a.key, b.key, up ? 1 : -1));
		// Out of the page, its rows move without a word to anybody.
		body.remove();
		for (const { row } of rows)
			body.append(row);
		table.append(body);
		for (const other of heads)
			other.removeAttribute("aria-sort");
		th.setAttribute("aria-sort", up ? "ascending" : "descending");
	};

	for (const table of all("#files table, #tests table")) {
		const heads = all("th", table);
		for (const th of heads) {
			const button = document.createElement("button");
			button.type = "button";
			button.append(...th.childNodes);
			button.onclick = () => sort(table, heads, th);
			th.append(button);
		}
	}

	// ---- searching ----

	const groups = {
		Failed: ["fail", "error", "timeout", "limit"],
		Flaky: ["flaky", "quarantine"],
		Skipped: ["skip", "pending", "notrun"],
		Passed: ["pass"],
	};
	// Gathered when it is first needed: a long report opens without that work.
	const gather = () => {
		// Tests come before files: what is found in a test is found in its file as well.
		const parts = [["failures", "article", "failure"], ["tests", "tbody tr", "test"], ["files", "tbody tr", "file"]]
			.filter(([id]) => get(id))
			.map(([id, items, word]) => ({
				section: get(id),
				count: get(id).querySelector("h2 .n"),
				items: all(items, get(id)).map(row => ({ row, text: row.textContent.toLowerCase(), bars: [] })),
				word,
			}));
		const [tests, files] = parts.slice(-2);
		const byId = new Map(files.items.map(item => [item.row.id, item]));
		const fileOf = link => byId.get(link.getAttribute("href").slice(1));
		for (const link of all(".plot a"))
			fileOf(link).bars.push(link);
		for (const item of tests.items)
			item.file = fileOf(item.row.cells[2].firstChild);
		return parts;
	};

	const search = get("search");
	const choices = all(".choice button");
	let group = null, parts = null;

	const apply = () => {
		parts ??= gather();
		const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		const holders = new Set();
		const found = [];
		for (const { section, items, word, count } of parts) {
			let shown = 0;
			for (const item of items) {
				const has = words.every(w => item.text.includes(w)) || holders.has(item);
				const fits = has && (!group || group.some(c => item.row.classList.contains(c)));
				if (has)
					holders.add(item.file);
				item.row.hidden = !fits;
				shown += fits;
				for (const bar of item.bars)
					bar.classList.toggle("dim", !fits);
			}
			count.textContent = shown < items.length ? `${shown} of ${items.length}` : items.length;
			section.classList.toggle("none", shown === 0);
			found.push(`${shown} ${word}${shown === 1 ? "" : "s"}`);
		}
		get("found").textContent = words.length || group ? found.join(", ") : "";
	};

	const choose = button => {
		group = groups[button.textContent] || null;
		for (const b of choices)
			b.setAttribute("aria-pressed", b === button);
		apply();
	};

	search.oninput = apply;
	for (const button of choices)
		button.onclick = () => choose(button);
	document.onkeydown = event => {
		if (event.key === "/" && document.activeElement !== search && !event.ctrlKey && !event.metaKey) {
			event.preventDefault();
			search.focus();
		}
	};
	// A link to a row that is filtered away shows it.
	onhashchange = () => {
		const target = get(location.hash.slice(1));
		if (target && target.hidden) {
			search.value = "";
			choose(choices[0]);
			target.scrollIntoView();
		}
	};

	// ---- who ran a line ----

	const data = get("runners");
	let runners = null;

	const filesOf = set => {
		runners ??= JSON.parse(data.textContent);
		const files = new Set();
		for (let at = set; at > 0; at = runners.sets[2 * at])
			files.add(runners.files[runners.sets[2 * at + 1]]);
		return [...files].sort(collator.compare);
	};

	if (data)
		get("coverage").onclick = event => {
			const line = event.target.closest("pre > [data-set]");
			if (!line || !getSelection().isCollapsed)
				return;
			if (line.nextSibling?.nodeName === "UL")
				return void line.nextSibling.remove();
			const list = document.createElement("ul");
			for (const file of filesOf(line.dataset.set))
				list.appendChild(document.createElement("li")).textContent = file;
			line.after(list);
		};

	// ---- the bar ----

	get("tools").hidden = false;
	const bar = get("bar");
	new ResizeObserver(() => root.style.setProperty("--bar",
		(getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0) + "px")).observe(bar);
})();
