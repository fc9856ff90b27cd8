"""What promtool cannot know of the alert rules and the dashboard: that the metrics exist, that the guide they name exists, that each
alert is tested, and that each panel is complete. Prints the dashboard's queries as a file of rules, for promtool to read."""

import json
import pathlib
import re
import sys

import yaml

root, rules_file, dashboard_file, tests_file, guide_file = map(pathlib.Path, sys.argv[1:])
rules = [rule for group in yaml.safe_load(rules_file.read_text())["groups"] for rule in group["rules"]]
dashboard = json.loads(dashboard_file.read_text())
tests = yaml.safe_load(tests_file.read_text())["tests"]
guide = guide_file.read_text()
faults = []


def expect(condition: object, words: str) -> None:
    if not condition:
        faults.append(words)


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


# The metrics of the guide: names in the first column of its tables, without their labels. The labels of each.
metrics: dict[str, set[str]] = {}
for row in re.findall(r"^\| (`.*?`) \|", guide, re.MULTILINE):
    for name, labels in re.findall(r"`((?:verbatim|process)_\w+)(?:\{([\w,]+)\})?`", row):
        metrics[name] = set(labels.split(",")) if labels else set()
recorded = {rule["record"] for rule in rules if "record" in rule}


def check_query(query: str, place: str) -> None:
    bare = re.sub(r'"[^"]*"', '""', query)
    for name in re.findall(r"\b(?:verbatim|process)[_:][\w:]+", bare):
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        if ":" in name:
            expect(name in recorded, f"{place}: no rule records {name}")
        else:
            expect(name in metrics or family in metrics, f"{place}: {guide_file.name} has no metric {name}")
    for name, matchers in re.findall(r"\b((?:verbatim|process)_\w+)\{([^}]*)\}", bare):
        known = metrics.get(name) or metrics.get(re.sub(r"_(bucket|sum|count)$", "", name), set())
        for label in re.findall(r"(\w+)\s*[=!]", matchers):
            expect(label in known | {"job", "instance", "le"}, f"{place}: {name} has no label {label}")


expect(metrics, f"{guide_file} has no table of metrics")
fires = str([case.get("promql_expr_test") for case in tests])  # what is expected of ALERTS
names = [rule["alert"] for rule in rules if "alert" in rule]
expect(len(names) == len(set(names)), "two alerts have the same name")
for rule in rules:
    name = rule.get("alert") or rule["record"]
    check_query(rule["expr"], name)
    if "alert" not in rule:
        continue
    expect(rule.get("for"), f"{name}: fires at once, without for:")
    expect(rule.get("labels", {}).get("severity") in ("critical", "warning"), f"{name}: no severity")
    for part in ("summary", "description", "runbook"):
        expect(rule.get("annotations", {}).get(part), f"{name}: no {part}")
    page, _, anchor = rule.get("annotations", {}).get("runbook", "").partition("#")
    exists = (root / page).is_file() and anchor in anchors((root / page).read_text())
    expect(exists, f"{name}: {page}#{anchor} does not exist")
    expect(f'alertname="{name}"' in fires, f"{name}: no test lets it fire")

source = yaml.safe_load((root / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
expect(dashboard.get("uid") and "id" not in dashboard, "the dashboard needs a uid and must not have an instance's id")
expect(dashboard.get("schemaVersion", 0) >= 39, "the dashboard's schema is too old")
expect(variables["datasource"]["query"] == source["type"], "the variable datasource has another type than the provisioned source")
expect(variables["datasource"]["current"]["value"] == source["uid"], "the variable datasource names another source than the provisioned")
panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
queries = [(panel.get("title"), target.get("expr", "")) for panel in panels for target in panel["targets"]]
queries += [(note["name"], note["expr"]) for note in dashboard["annotations"]["list"]]
expect(len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]), "two panels have the same id")
places = set()
for panel in dashboard["panels"]:
    title, grid = panel.get("title"), panel["gridPos"]
    expect(title, f"the panel {panel['id']} has no title")
    for cell in ((x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])):
        expect(cell not in places and cell[0] < 24, f"{title}: overlaps another panel or the edge")
        places.add(cell)
for panel in panels:
    expect(panel["fieldConfig"]["defaults"].get("unit"), f"{panel['title']}: no unit")
    expect(panel["targets"], f"{panel['title']}: no query")
    for part in (panel, *panel["targets"]):
        expect(part["datasource"]["uid"] == "${datasource}", f"{panel['title']}: does not use the variable datasource")
for title, query in queries:
    check_query(query, f"panel {title}")

# A rule needs a name of its own; the lengths that Grafana puts in do not matter.
concrete = [{"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "5m")} for number, (_, query) in enumerate(queries)]
print(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": concrete}]}))
for fault in faults:
    print(f"monitoring: {fault}", file=sys.stderr)
sys.exit(bool(faults))
