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
		for (const group of all(".group"))
			group.hidden = !group.querySelector("article:not([hidden])");
		get("found").textContent = words.length || group ? found.join(", ") : "";
	};

	// What is chosen stands in the address, to be kept and handed on; "view:" is the name of no part.
	const remember = () => {
		const view = new URLSearchParams();
		if (search.value)
			view.set("q", search.value);
		if (group)
			view.set("show", choices.find(b => groups[b.dataset.show] === group).dataset.show);
		const hash = view.size ? "#view:" + view : "#";
		if (location.hash !== hash && (view.size || location.hash.startsWith("#view:")))
			history.replaceState(null, "", hash);
	};

	const choose = button => {
		group = groups[button.dataset.show] || null;
		for (const b of choices)
			b.setAttribute("aria-pressed", b === button);
		apply();
		remember();
	};

	const restore = () => {
		const view = new URLSearchParams(location.hash.slice("#view:".length));
		search.value = view.get("q") || "";
		choose(choices.find(b => b.dataset.show === view.get("show")) || choices[0]);
	};

	search.oninput = () => {
		apply();
		remember();
	};
	for (const button of choices)
		button.onclick = () => choose(button);
	document.onkeydown = event => {
		if (event.key === "/" && document.activeElement !== search && !event.ctrlKey && !event.metaKey) {
			event.preventDefault();
			search.focus();
		}
	};
	// A link to what is filtered away, or folded, shows it.
	const show_target = () => {
		const target = get(location.hash.slice(1));
		if (location.hash.startsWith("#view:"))
			return restore();
		if (!target)
			return;
		if (target.hidden) {
			search.value = "";
			choose(choices[0]);
		}
		const own = target.querySelector(":scope > details");
		if (own)
			own.open = true;
		for (let e = target.parentElement; e; e = e.parentElement)
			if (e.localName === "details")
				e.open = true;
		target.scrollIntoView();
	};
	onhashchange = show_target;
	if (location.hash.length > 1)
		show_target();

	// ---- folding, copying ----

	onbeforeprint = () => {
		for (const details of all("#failures details"))
			details.open = true;
	};
	for (const command of all(".command")) {
		const button = document.createElement("button");
		button.type = "button";
		button.textContent = "Copy";
		button.setAttribute("aria-label", "Copy the command");
		button.onclick = async () => {
			const code = command.querySelector("code");
			try {
				await navigator.clipboard.writeText(code.textContent);
				button.textContent = "Copied";
			} catch {
				getSelection().selectAllChildren(code); // for the browser's own key
			}
		};
		command.append(button);
	}

	// ---- the timeline ----

	const plot = document.querySelector(".plot"), frame = plot.parentElement;
	let zoom = 1;
	// The time under that place of the frame stays there.
	const scale = (factor, at = frame.clientWidth / 2) => {
		const time = (frame.scrollLeft + at) / zoom;
		zoom = Math.min(64, Math.max(1, factor ? zoom * factor : 1));
		plot.style.width = zoom * 100 + "%";
		frame.scrollLeft = time * zoom - at;
	};
	const factors = { "+": 2, "=": 2, "-": 0.5, "0": 0 };
	for (const button of all(".zoom button"))
		button.onclick = () => scale(factors[button.dataset.zoom]);
	frame.onkeydown = event => {
		if (event.key in factors && !event.ctrlKey && !event.metaKey && !event.altKey) {
			event.preventDefault();
			scale(factors[event.key]);
		}
	};
	frame.addEventListener("wheel", event => {
		if (event.ctrlKey) {
			event.preventDefault();
			scale(Math.exp(-event.deltaY / 200), event.clientX - frame.getBoundingClientRect().left);
		}
	}, { passive: false });
	document.querySelector(".zoom").hidden = false;

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
