"""The image of deploy/example-container for tests: what it answers, and storages of images that hold it, root's or a
user's. Its base is made of this machine's Debian packages: no registry is needed."""
import contextlib
import datetime
import fcntl
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import pytest

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLE = PROJECT / "deploy" / "example-container"
IMAGE = "localhost/weekday-means:latest"
WEEKS = 6


def series(number):
    """Eight weeks of one customer, from a Monday on."""
    first = datetime.date(2024, 1, 1)
    return [(first + datetime.timedelta(day), 100 * number + 10 * (day % 7) + day // 7) for day in range(56)]


def expected(number, period):
    """What the example's model says: the mean of the last six weeks' same weekdays."""
    rows = series(number)[-7 * WEEKS:]
    days = [rows[-1][0] + datetime.timedelta(n + 1) for n in range(period)]
    return {"ds": [str(day) for day in days],
            "yhat": [statistics.fmean(y for ds, y in rows if ds.weekday() == day.weekday()) for day in days]}


def run(*command, **keywords):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **keywords)
    assert done.returncode == 0, f"{command}: {done.stderr[-4000:]}"
    return done.stdout


# Users of these tests alone, and the users that are subordinate to them. Podman's programs of one user share what lies
# in /dev/shm: who runs beside another takes another user.
USERS, FIRST_OF_USERS = range(61101, 61133), 0x6000_0000
# In a mount namespace of its own /etc knows this user; nothing of the machine's is changed.
BECOME = """
set -e
for name in passwd group subuid subgid; do mount --bind "$1/etc/$name" "/etc/$name"; done
own=$1; number=$2; shift 2
exec setpriv --reuid "$number" --regid "$number" --clear-groups -- env HOME="$own" XDG_RUNTIME_DIR="$own/run" "$@"
"""
# In a namespace that podman makes for itself a process of its own would stay behind.
IN_OWN_NAMESPACE = ["unshare", "--user", "--map-root-user", "--map-auto", "--mount", "--"]


def take_user():
    """A user that nobody on this machine has taken, and the lock that says so while it is open."""
    for number in USERS:
        lock = open(pathlib.Path(tempfile.gettempdir(), f"chiliad-test-user-{number}"), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number, lock
        except BlockingIOError:
            lock.close()
    pytest.fail(f"all users from {USERS[0]} to {USERS[-1]} are taken")


class Owner:
    """Who runs the server and owns the images; words in front of a command make it theirs."""

    def __init__(self, kind, folder):
        self.folder, self.number, self.words, self.podman_words, self.variables = folder, os.geteuid(), [], [], {}
        if kind == "user":
            if self.number == 0:
                self.number, self.lock = take_user()
                user, first = self.number, FIRST_OF_USERS + 65536 * (self.number - USERS[0])
                etc = folder / "etc"
                etc.mkdir()
                for name, line in (("passwd", f"chiliad-test:x:{user}:{user}::{folder}:/bin/sh"),
                                   ("group", f"chiliad-test:x:{user}:"), ("subuid", f"{user}:{first}:65536"),
                                   ("subgid", f"{user}:{first}:65536")):
                    (etc / name).write_text(pathlib.Path("/etc", name).read_text() + line + "\n")
                self.words = ["unshare", "--mount", "--", "sh", "-c", BECOME, "sh", str(folder), str(user)]
            self.podman_words = IN_OWN_NAMESPACE
            self.variables = {"_CONTAINERS_USERNS_CONFIGURED": "done", "_CONTAINERS_ROOTLESS_UID": str(self.number),
                              "_CONTAINERS_ROOTLESS_GID": str(self.number)}

    def give(self, path):
        os.chown(path, self.number, self.number)

    def podman(self, *command):
        run(*self.words, *self.podman_words, *command, env={**os.environ, **self.variables}, cwd=self.folder)


def why_not(kind, folder):
    """What images need and this machine has not; empty: nothing. Asked without the server."""
    programs = ["podman", "buildah", "unshare", "setpriv", *(["newuidmap", "newgidmap"] if kind == "user" else [])]
    missing = [name for name in programs if shutil.which(name) is None]
    for name in ("conmon", "catatonit"):
        places = [f"/usr/{place}/podman/{name}" for place in ("local/libexec", "local/lib", "libexec", "lib")]
        if shutil.which(name) is None and not any(os.path.exists(place) for place in places):
            missing.append(name)
    unified = subprocess.run(["stat", "-f", "-c", "%T", "/sys/fs/cgroup"], capture_output=True, text=True).stdout.strip()
    if shutil.which("runc", path=f"{os.environ['PATH']}:/usr/sbin") is None and (
            unified != "cgroup2fs" or shutil.which("crun") is None):
        missing.append("runc")
    if missing:
        return f"not installed: {', '.join(missing)}"
    wanted = (5, 19) if kind == "root" else (5, 11)
    if tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2]) < wanted:
        return f"Linux {os.uname().release}, needed is {wanted[0]}.{wanted[1]}"
    system = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True).stdout.strip()
    if system not in ("ext2/ext3", "xfs", "btrfs"):
        return f"{folder} is a file system of type {system}"
    if kind == "root" and os.geteuid() != 0:
        return "these tests are not run as root"
    if kind == "user" and not (os.path.exists("/etc/subuid") and os.path.exists("/etc/subgid")):
        return "no /etc/subuid and /etc/subgid"
    words = Owner(kind, folder).words if kind == "user" and os.geteuid() == 0 else []
    subordinate = ["--map-root-user", "--map-auto"] if kind == "user" else []
    tried = subprocess.run([*words, "unshare", "--user", *subordinate, "--pid", "--fork", "true"], capture_output=True,
                           text=True, timeout=60)
    return "" if tried.returncode == 0 else f"no user namespaces: {tried.stderr}"


@contextlib.contextmanager
def owner_of_storage(kind):
    """An Owner, "root" or a "user", with a storage for images that goes away at the end; the machine's own is not touched."""
    with tempfile.TemporaryDirectory(prefix="chiliad-why-") as tried:
        os.chmod(tried, 0o755)
        if reason := why_not(kind, pathlib.Path(tried)):
            pytest.skip(f"images cannot be run here: {reason}")
    # Not pytest's own, which other users may not enter.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="chiliad-images-"))
    owner = Owner(kind, folder)
    (folder / "run").mkdir(mode=0o700)
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/images"\nrunroot = "{folder}/run"\n'
        f'rootless_storage_path = "{folder}/images"\n')
    for path in (folder, folder / "run"):
        owner.give(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_STORAGE_CONF", str(folder / "storage.conf"))
        try:
            yield owner
        finally:
            subprocess.run(["umount", "--lazy", f"{folder}/images/overlay"], capture_output=True, check=False)
            subprocess.run([*owner.words, *owner.podman_words, "rm", "-rf", folder / "images"], check=False)
            shutil.rmtree(folder, ignore_errors=True)


def owner_of_images(kind):
    """For a fixture of a module: yields such an Owner whose storage holds the example's image."""
    with owner_of_storage(kind) as owner:
        folder = owner.folder
        shutil.copytree(EXAMPLE, folder / "example")
        with open(folder / "root.tar", "wb") as tar:
            subprocess.run([sys.executable, PROJECT / "tool" / "debian_root.py"], stdout=tar, check=True, timeout=120)
        owner.give(folder / "root.tar")
        owner.podman("podman", "import", "--quiet", folder / "root.tar", "localhost/python-base")
        (folder / "root.tar").unlink()
        # Nothing is run while this image is built: no network, no isolation of its own.
        owner.podman("buildah", "bud", "--pull-never", "--isolation", "chroot", "--build-arg",
                     "BASE=localhost/python-base", "-t", IMAGE, folder / "example")
        yield owner
