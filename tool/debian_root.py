"""A root file system of Debian's packages that are installed here, as a tar: what `FROM debian` would have fetched where
no registry can be reached.

    python3 debian_root.py [PACKAGE...] >root.tar        (default: Python and a shell)
    podman import root.tar localhost/debian-with-python

It holds the files of these packages and of all they depend on, as dpkg lists them, without documentation; users and
groups of its own (root and nobody), no account, key or configuration of this machine.
"""

import io
import os
import re
import subprocess
import sys
import tarfile

PACKAGES = ("base-files", "coreutils", "dash", "libc-bin", "python3", "sed", "grep")
LEFT_OUT = re.compile(r"/usr/share/(doc|man|locale|info|lintian|bug|doc-base|perl5?|i18n)(/|$)|/usr/share/python3/debpython")
# As base-files and its scripts leave them; the files themselves are not dpkg's.
FOLDERS = {"dev": 0o755, "proc": 0o555, "sys": 0o555, "run": 0o755, "root": 0o700, "tmp": 0o1777, "var/tmp": 0o1777, "home": 0o755,
           "mnt": 0o755, "opt": 0o755, "srv": 0o755}
LINKS = {name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")}
TEXTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def dpkg(*arguments):
    return subprocess.run(["dpkg-query", *arguments], check=True, capture_output=True, text=True).stdout


def closure(wanted):
    """The packages and everything installed that they depend on."""
    depends, provider = {}, {}
    lines = dpkg("-W", "-f", "${db:Status-Status}\t${Package}\t${Pre-Depends}, ${Depends}\t${Provides}\n").splitlines()
    for line in lines:
        status, name, needs, provides = line.split("\t")
        if status != "installed":
            continue
        depends[name] = needs
        for one in re.findall(r"[a-z0-9][a-z0-9+.-]+", re.sub(r"\([^)]*\)", "", provides)):
            provider.setdefault(one, name)
    found, left = set(), list(wanted)
    while left:
        name = left.pop()
        name = name if name in depends else provider.get(name)
        if name is None or name in found:
            continue
        found.add(name)
        for alternatives in re.sub(r"\([^)]*\)|:any", "", depends[name]).split(","):
            choice = [one.strip() for one in alternatives.split("|")]
            left += [one for one in choice if one in depends or one in provider][:1]
    missing = [name for name in wanted if name not in found]
    if missing:
        raise SystemExit(f"not installed here: {' '.join(missing)}")
    return sorted(found)


def paths_of(packages):
    """Where the packages' files are, with links of folders (/bin, /lib) resolved."""
    paths = set()
    for line in dpkg("-L", *packages).splitlines():
        if not line.startswith("/") or line == "/." or LEFT_OUT.match(line):
            continue
        path = os.path.join(os.path.realpath(os.path.dirname(line)), os.path.basename(line))
        if os.path.lexists(path) and path[1:] not in LINKS:
            paths.add(path)
    return sorted(paths)


def write(out, packages):
    def entry(name, mode, kind=tarfile.REGTYPE, **members):
        info = tarfile.TarInfo(name)
        info.mode, info.type = mode, kind
        for member, value in members.items():
            setattr(info, member, value)
        return info

    with tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT) as tar:
        for path in paths_of(closure(packages)):
            if path[1:] in TEXTS or path[1:] in FOLDERS:
                continue
            info = tar.gettarinfo(path, path[1:])
            if info is None:
                continue
            info.uid = info.gid = 0
            info.uname = info.gname = "root"
            if info.isreg():
                with open(path, "rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info)
        for name, mode in FOLDERS.items():
            tar.addfile(entry(name, mode, tarfile.DIRTYPE))
        for name, target in LINKS.items():
            if os.path.islink("/" + name):
                tar.addfile(entry(name, 0o777, tarfile.SYMTYPE, linkname=target))
        for name, text in TEXTS.items():
            tar.addfile(entry(name, 0o644, size=len(text)), io.BytesIO(text.encode()))


if __name__ == "__main__":
    write(sys.stdout.buffer, tuple(sys.argv[1:]) or PACKAGES)
