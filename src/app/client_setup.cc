#include "app/client_setup.h"

#include "base/file.h"
#include "net/aws_config.h"
#include "runtime/shipped_files.h"

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

// Follows the patch of STS's address, runtime/python/chiliad_local_sts.py.
constexpr std::string_view kNextSiteCustomize =
    R"python(

def _run_the_next_sitecustomize():
    here = os.path.dirname(os.path.abspath(__file__))
    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


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
  const std::string site_customize =
      std::string(runtime::shipped_file("python/chiliad_local_sts.py")).append(kNextSiteCustomize);
  for (const auto& [path, text] : {std::pair{client / "sagemaker.yaml", kConfig},
                                   std::pair{python / "sitecustomize.py", std::string_view(site_customize)},
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
