#include "identity/operation.h"

#include <fmt/format.h>

#include <algorithm>

namespace chiliad::identity {

Answer run_operation(std::span<const NamedOperation> operations, std::string_view version, Directory& directory,
                     const aws::Caller& caller, const aws::QueryForm& form) {
  const std::string_view action = form.get("Action");
  const std::string* asked = form.find("Version");
  const auto found = std::ranges::find(operations, action, &NamedOperation::name);
  if (action.empty()) return aws::ApiError{400, "MissingAction", "The request has no Action."};
  if (found == operations.end() || (asked != nullptr && *asked != version)) {
    return aws::ApiError{400, "InvalidAction",
                         fmt::format("Could not find operation {} for version {}", action.substr(0, 100),
                                     asked == nullptr ? version : std::string_view(*asked).substr(0, 100))};
  }
  Operation operation{directory.state(), caller, found->name, Members(form), caller.time};
  return found->run(operation);
}

void serve_query(std::span<const NamedOperation> operations, std::string_view version, std::string_view xmlns,
                 Directory& directory, const aws::Call& call) {
  const std::string_view sent =
      call.request.method() == "GET" ? call.request.query() : std::string_view(call.request.body());
  const Result<aws::QueryForm> form = aws::QueryForm::parse(sent);
  Answer answer = form ? run_operation(operations, version, directory, call.caller, *form)
                       : Answer(aws::ApiError{400, "MalformedQueryString", form.error().message});
  call.response.content_type = aws::kQueryContentType;
  if (const aws::ApiError* error = std::get_if<aws::ApiError>(&answer)) {
    call.response.status = error->status;
    call.response.body = aws::query_error(xmlns, *error, call.request_id);
  } else {
    call.response.body = aws::query_answer(form->get("Action"), xmlns, std::get<std::string>(answer), call.request_id);
  }
}

void write_page_end(aws::XmlWriter& xml, bool truncated, std::string_view marker) {
  xml.boolean("IsTruncated", truncated);
  if (truncated) xml.text("Marker", marker);
}

}  // namespace chiliad::identity
