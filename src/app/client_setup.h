// What programs written for AWS need to know to talk to the server of a home folder: environment variables and two
// small files in <home>/client, none of which needs root or changes a program.
//
//   AWS_ENDPOINT_URL, keys, region       every AWS SDK and the CLI
//   SAGEMAKER_USER_CONFIG_OVERRIDE       the SageMaker SDK's config: no telemetry. Left alone when it is set already
//   PYTHONPATH                           <home>/client/python/sitecustomize.py: the SageMaker SDK gives STS's address
//                                        of AWS to its client by hand, which beats AWS_ENDPOINT_URL; the module makes
//                                        clients of STS honour it. It then runs the sitecustomize that it stands in
//                                        front of
//   PIP_CONSTRAINT                       <home>/client/constraints.txt: what notebooks for the SageMaker SDK 2.x need
//                                        of what they do not pin. Left alone when it is set already
//   AWS_ENDPOINT_URL_S3                  where the objects lie in a real S3
//   AWS_CA_BUNDLE                        where the server's certificate is a self-made one
//
// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints"; SageMaker Python SDK, "Configuring and
// using defaults". Thread safety: pure functions but for the files.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/server_file.h"
#include "base/result.h"

namespace chiliad::app {

struct Variable {
  std::string name;
  std::string value;  // Empty: the variable is to be unset.
};

struct ClientKey {
  std::string access_key_id;
  std::string secret_access_key;
};

// Of the profile `default` of <home>/credentials. Errors: kNotFound: no such file; kCorrupt: no key in it.
Result<ClientKey> read_client_key(const std::filesystem::path& home);

// Writes the files and says which variables lead to them. `environment`: the caller's, for what is kept of it.
// Errors: as base/file.h.
Result<std::vector<Variable>> set_up_clients(const std::filesystem::path& home, const ServerFile& server,
                                             const ClientKey& key, std::string_view (*environment)(const char* name));

// "export NAME='value'" and "unset NAME" lines for a POSIX shell.
std::string shell_lines(const std::vector<Variable>& variables);

}  // namespace chiliad::app
