// open_s3_buckets() of buckets.h with the environment as a parameter, as in s3.h.

#pragma once

#include <memory>

#include "net/aws_config.h"
#include "store/buckets.h"

namespace chiliad::store {

Result<std::shared_ptr<Buckets>> open_s3_buckets(S3Options options, net::Environment environment);

}  // namespace chiliad::store
