// open_s3() of object_store.h with the environment as a parameter: for tests, and for whoever keeps credentials
// elsewhere than in the process's own variables.

#pragma once

#include <memory>

#include "net/aws_config.h"
#include "store/object_store.h"

namespace chiliad::store {

Result<std::unique_ptr<ObjectStore>> open_s3(S3Options options, net::Environment environment);

}  // namespace chiliad::store
