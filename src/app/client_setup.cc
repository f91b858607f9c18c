#include "app/client_setup.h"

#include "base/file.h"
#include "net/aws_config.h"

namespace chiliad::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConfig =
    "SchemaVersion: '1.0'\n"
    "SageMaker:\n"
    "  PythonSDK:\n"
    "    Modules:\n"
    "      TelemetryOptOut: true\n";

// What the AWS post's notebook needs of its unpinned requirements: its cells are written for the SDK's second version,
// and prophet 1.1.4 works with no newer set. packaging, because a Jupyter kernel has imported it before the first cell
// installs the SDK, which wants an older one.
constexpr std::string_view kPipConstraints =
    "# Written by `chiliad env`: PIP_CONSTRAINT names it. So notebooks written for the SageMaker SDK 2.x install what\n"
    "# they need. Unset PIP_CONSTRAINT, or set it to a file of yours, to install other versions.\n"
    "sagemaker<3\n"
    "pandas<3\n"
    "numpy<2\n"
    "cmdstanpy<1.3\n"
    "packaging<25\n";

// Imports nothing at the start of Python but sys and importlib's own parts, which are loaded by then.
constexpr std::string_view kSiteCustomize =
    R"python("""Makes botocore's STS clients honour AWS_ENDPOINT_URL. Written by `chiliad env`.

The SageMaker SDK builds STS's address itself and hands it to the client as endpoint_url, which wins over
AWS_ENDPOINT_URL. Where a program asks for AWS's own address of STS, the address of the environment is taken instead;
every other address, and a Python without botocore, is left alone.
"""
import importlib.machinery
import importlib.util
import os
import re
import sys

_AWS_STS = re.compile(r"https://sts(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?/?$")


def _sts_address():
    return os.environ.get("AWS_ENDPOINT_URL_STS") or os.environ.get("AWS_ENDPOINT_URL")


def _patch(session_module):
    create_client = session_module.Session.create_client

    def create_client_here(self, service_name, *args, **kwargs):
        address = _sts_address()
        if service_name == "sts" and address and _AWS_STS.match(kwargs.get("endpoint_url") or ""):
            kwargs["endpoint_url"] = address
        return create_client(self, service_name, *args, **kwargs)

    session_module.Session.create_client = create_client_here


class _BotocoreFinder:
    """Finds botocore.session as everybody else does, and patches it when it has been loaded."""

    def find_spec(self, name, path=None, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            _patch(module)

        spec.loader.exec_module = exec_module
        return spec


def _run_the_next_sitecustomize():
    here = os.path.dirname(os.path.abspath(__file__))
    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


if "botocore.session" in sys.modules:
    _patch(sys.modules["botocore.session"])
else:
    sys.meta_path.insert(0, _BotocoreFinder())
_run_the_next_sitecustomize()
)python";

Result<Done> write_if_changed(const fs::path& path, std::string_view text) {
  Result<std::string> old = read_file(path, 1 << 20);
  if (old && *old == text) return Done{};
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return system_error("make folder", path.parent_path(), error.value());
  return write_file_atomically(path, text, Durability::kNone);
}

// Whether a list like PATH has this entry.
bool has_entry(std::string_view list, std::string_view entry) {
  for (;;) {
    const std::size_t colon = list.find(':');
    if (list.substr(0, colon) == entry) return true;
    if (colon == std::string_view::npos) return false;
    list.remove_prefix(colon + 1);
  }
}

}  // namespace

Result<ClientKey> read_client_key(const fs::path& home) {
  const fs::path path = home / "credentials";
  if (Result<std::string> text = read_file(path, 64 << 10); !text) return std::move(text).error();
  const net::AwsConfig file = net::AwsConfig::load([&](const std::string& variable) {
    return variable == "AWS_SHARED_CREDENTIALS_FILE" ? path.string() : std::string();
  });
  ClientKey key{file.setting("aws_access_key_id").value_or(""), file.setting("aws_secret_access_key").value_or("")};
  if (key.access_key_id.empty() || key.secret_access_key.empty()) {
    return Error{ErrorCode::kCorrupt, path.string() + ": the profile [default] holds no key"};
  }
  return key;
}

Result<std::vector<Variable>> set_up_clients(const fs::path& home, const ServerFile& server, const ClientKey& key,
                                             std::string_view (*environment)(const char* name)) {
  const fs::path client = home / "client";
  const fs::path python = client / "python";
  for (const auto& [path, text] :
       {std::pair{client / "sagemaker.yaml", kConfig}, std::pair{python / "sitecustomize.py", kSiteCustomize},
        std::pair{client / "constraints.txt", kPipConstraints}}) {
    if (Result<Done> written = write_if_changed(path, text); !written) return std::move(written).error();
  }
  std::vector<Variable> variables = {
      {"AWS_ENDPOINT_URL", server.url},
      {"AWS_ACCESS_KEY_ID", key.access_key_id},
      {"AWS_SECRET_ACCESS_KEY", key.secret_access_key},
      {"AWS_SESSION_TOKEN", ""},
      {"AWS_PROFILE", ""},
      {"AWS_REGION", server.region},
      {"AWS_DEFAULT_REGION", server.region},
      {"AWS_EC2_METADATA_DISABLED", "true"},
  };
  variables.push_back({"AWS_ENDPOINT_URL_S3", server.s3_url});
  if (!server.ca_bundle.empty()) {
    // The second for AWS's SDK for JavaScript, which leaves certificates to Node.
    for (const char* name : {"AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}) variables.push_back({name, server.ca_bundle});
  }
  if (environment("SAGEMAKER_USER_CONFIG_OVERRIDE").empty()) {
    variables.push_back({"SAGEMAKER_USER_CONFIG_OVERRIDE", (client / "sagemaker.yaml").string()});
  }
  if (environment("PIP_CONSTRAINT").empty()) {
    variables.push_back({"PIP_CONSTRAINT", (client / "constraints.txt").string()});
  }
  const std::string_view old_path = environment("PYTHONPATH");
  if (!has_entry(old_path, python.string())) {
    std::string path = python.string();
    if (!old_path.empty()) path.append(1, ':').append(old_path);
    variables.push_back({"PYTHONPATH", std::move(path)});
  }
  return variables;
}

std::string shell_lines(const std::vector<Variable>& variables) {
  std::string text;
  for (const Variable& variable : variables) {
    if (variable.value.empty()) {
      text += "unset " + variable.name + "\n";
      continue;
    }
    text += "export " + variable.name + "='";
    for (const char c : variable.value) {
      c == '\'' ? text += "'\\''" : text += c;
    }
    text += "'\n";
  }
  return text;
}

}  // namespace chiliad::app
