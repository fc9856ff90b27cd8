"""What the schema of compose files cannot know: that files, secrets, networks and services that are named exist, that images have
versions, and that every node is locked in."""

import pathlib
import sys

import yaml

root, file = map(pathlib.Path, sys.argv[1:])
compose = yaml.safe_load(file.read_text())
services = compose["services"]
faults = []


def expect(condition: object, words: str) -> None:
    if not condition:
        faults.append(words)


for name, service in services.items():
    image = service["image"]
    expect(":" in image and not image.endswith(":latest"), f"{name}: {image} has no version")
    for volume in service.get("volumes", ()):
        source = volume.split(":")[0]
        known = (root / source).exists() if source.startswith(".") else source in compose["volumes"]
        expect(known, f"{name}: {source} does not exist")
    for secret in service.get("secrets", ()):
        expect(secret in compose["secrets"], f"{name}: there is no secret {secret}")
    for key, value in service.get("environment", {}).items():
        if str(value).startswith("/run/secrets/"):
            expect(value.removeprefix("/run/secrets/") in service["secrets"], f"{name}: {key} names a secret it does not get")
    for other in service.get("depends_on", ()):
        expect(other in services, f"{name}: there is no service {other}")
    for network in service.get("networks", ()):
        expect(network in compose["networks"], f"{name}: there is no network {network}")
    if image.startswith("verbatim:"):
        profiles = [option.partition("=")[2] for option in service["security_opt"] if option.startswith("seccomp=")]
        expect(profiles and all((root / profile).is_file() for profile in profiles), f"{name}: no seccomp profile")
        expect("no-new-privileges:true" in service["security_opt"], f"{name}: may gain privileges")
        expect(service.get("cap_drop") == ["ALL"], f"{name}: has capabilities")
        expect(service.get("read_only") is True, f"{name}: may change its own program")
        expect(service.get("ulimits", {}).get("nofile") == 10000, f"{name}: the limit on open files")

for name, replicas in (("api", 2), ("worker", 2)):
    expect(services[name]["deploy"]["replicas"] == replicas, f"{name}: not {replicas} of them")
for fault in faults:
    print(f"{file}: {fault}", file=sys.stderr)
sys.exit(bool(faults))
