#include "aws/service.h"

namespace chiliad::aws {

void add_request_id(net::HttpResponse& response, std::string_view request_id) {
  response.add_field("x-amzn-RequestId", request_id);
}

void add_s3_request_id(net::HttpResponse& response, std::string_view request_id) {
  response.add_field("x-amz-request-id", request_id);
  // On AWS the second names the host that answered; here both name the request.
  response.add_field("x-amz-id-2", request_id);
}

}  // namespace chiliad::aws
