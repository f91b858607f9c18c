#include "net/sigv4_check.h"

#include <gtest/gtest.h>

#include "net/credentials.h"
#include "net/request_under_test.h"

namespace chiliad::net::sigv4 {
namespace {

using namespace std::chrono_literals;  // NOLINT: dates read better so.
using Reason = Refusal::Reason;

// The key and the day of S3's manual.
const Credentials kKeys = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", std::nullopt};
const Time kNow = std::chrono::sys_days(2013y / 5 / 24);
constexpr std::string_view kHost = "examplebucket.s3.amazonaws.com";

Scope scope_of(std::string_view service) { return {kNow, "us-east-1", std::string(service)}; }

// Why the request is refused; none: it passes.
std::optional<Refusal> refusal_of(const HttpRequest& request, Time now = kNow,
                                  const std::string& secret = kKeys.secret_access_key) {
  const ReadSignature read = read_signature(request);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return *refusal;
  const auto* claim = std::get_if<SignatureClaim>(&read);
  if (claim == nullptr) return Refusal{Reason::kMalformed, 0, "Anonymous", ""};
  if (claim->access_key_id != kKeys.access_key_id) return Refusal{Reason::kMismatch, 403, "InvalidAccessKeyId", ""};
  const SigningKey key(secret, claim->day(), claim->scope.region, claim->scope.service);
  const PathRule rule = claim->scope.service == "s3" ? PathRule::kS3 : PathRule::kOthers;
  return check_signature(*claim, key, request, rule, now);
}

std::string code_of(const HttpRequest& request, Time now = kNow) {
  const auto refusal = refusal_of(request, now);
  return refusal ? std::string(refusal->code) : "passes";
}

std::string authorization(std::string_view names, std::string_view signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
         std::string(names) + ",Signature=" + std::string(signature);
}

constexpr std::string_view kEmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// The examples of S3's manual, word for word.
TEST(SigV4Check, PassesTheExamplesOfS3) {
  const HttpFields common = {{"Host", std::string(kHost)}, {"x-amz-date", "20130524T000000Z"}};
  const auto with = [&](HttpFields more) {
    more.insert(more.begin(), common.begin(), common.end());
    return more;
  };
  const std::string names = "host;x-amz-content-sha256;x-amz-date";
  EXPECT_EQ(code_of(request_of(text_of_request(
                "GET", "/test.txt",
                with({{"Range", "bytes=0-9"},
                      {"x-amz-content-sha256", std::string(kEmptyHash)},
                      {"Authorization", authorization("host;range;x-amz-content-sha256;x-amz-date",
                                                      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb4"
                                                      "1")}})))),
            "passes");
  EXPECT_EQ(code_of(request_of(text_of_request(
                "PUT", "/test%24file.text",
                with({{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                      {"x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
                      {"Authorization", authorization("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                                                      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108b"
                                                      "d")}}),
                "Welcome to Amazon S3."))),
            "passes");
  EXPECT_EQ(code_of(request_of(text_of_request(
                "GET", "/?lifecycle",
                with({{"x-amz-content-sha256", std::string(kEmptyHash)},
                      {"Authorization",
                       authorization(names, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")}})))),
            "passes");
  EXPECT_EQ(code_of(request_of(text_of_request(
                "GET", "/?max-keys=2&prefix=J",
                with({{"x-amz-content-sha256", std::string(kEmptyHash)},
                      {"Authorization",
                       authorization(names, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")}})))),
            "passes");
}

constexpr std::string_view kPresigned =
    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
    "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

HttpRequest presigned(std::string_view target, const HttpFields& more = {}) {
  HttpFields fields = {{"Host", std::string(kHost)}};
  fields.insert(fields.end(), more.begin(), more.end());
  return request_of(text_of_request("GET", target, fields));
}

TEST(SigV4Check, PassesThePresignedExampleUntilItExpires) {
  EXPECT_EQ(code_of(presigned(kPresigned)), "passes");
  EXPECT_EQ(code_of(presigned(kPresigned), kNow + 86400s), "passes");
  EXPECT_EQ(code_of(presigned(kPresigned), kNow - 15min), "passes");
  const auto expired = refusal_of(presigned(kPresigned), kNow + 86401s);
  ASSERT_TRUE(expired);
  EXPECT_EQ(expired->code, "AccessDenied");
  EXPECT_EQ(expired->status, 403);
  EXPECT_EQ(expired->message, "Request has expired");
  EXPECT_EQ(expired->reason, Reason::kExpired);
  EXPECT_EQ(refusal_of(presigned(kPresigned), kNow - 16min)->message, "Request is not valid yet");
}

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string out(text);
  const std::size_t at = out.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return out.replace(at, what.size(), with);
}

TEST(SigV4Check, RefusesAnAlteredPresignedRequest) {
  const auto altered = [](std::string_view what, std::string_view with) {
    return code_of(presigned(replaced(kPresigned, what, with)));
  };
  EXPECT_EQ(altered("/test.txt", "/test2.txt"), "SignatureDoesNotMatch");
  EXPECT_EQ(altered("Expires=86400", "Expires=86401"), "SignatureDoesNotMatch");
  EXPECT_EQ(altered("us-east-1", "us-east-2"), "SignatureDoesNotMatch");
  EXPECT_EQ(altered("&X-Amz-Date", "&versionId=1&X-Amz-Date"), "SignatureDoesNotMatch");
  EXPECT_EQ(altered("d404", "d405"), "SignatureDoesNotMatch");
  EXPECT_EQ(altered("d404", "D404"), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("20130524T000000Z", "20130525T000000Z"), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("Expires=86400", "Expires=604801"), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("Expires=86400", "Expires=0"), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("Expires=86400", "Expires=-1"), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("Expires=86400", "Expires=1e3"), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("&X-Amz-Expires=86400", ""), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("&X-Amz-Expires", "&X-Amz-Expires=1&X-Amz-Expires"), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("HMAC-SHA256", "HMAC-SHA1"), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("Headers=host", "Headers="), "AuthorizationQueryParametersError");
  EXPECT_EQ(altered("Headers=host", "Headers=range"), "AccessDenied");
  EXPECT_EQ(code_of(presigned(kPresigned, {{"x-amz-acl", "public-read"}})), "AccessDenied");
  EXPECT_EQ(code_of(presigned(kPresigned, {{"Authorization", "Basic YTpi"}})), "InvalidArgument");
  // Not signed and not spoken to the service.
  EXPECT_EQ(code_of(presigned(kPresigned, {{"Range", "bytes=0-1"}})), "passes");
}

TEST(SigV4Check, DoesNotTakeAQueryInPiecesForNoSignature) {
  EXPECT_EQ(code_of(presigned("/test.txt?X-Amz-Signature=aeee")), "AuthorizationQueryParametersError");
  EXPECT_EQ(code_of(presigned("/test.txt?X-Amz-%41lgorithm=x")), "AuthorizationQueryParametersError");
  EXPECT_EQ(code_of(presigned("/test.txt?AWSAccessKeyId=A&Signature=b&Expires=1")), "InvalidRequest");
  EXPECT_EQ(code_of(presigned("/test.txt?list-type=2")), "Anonymous");
}

// A request signed by our own client.
struct Signed {
  std::string method = "POST";
  std::string target = "/endpoints/a%20b/invocations?x=1&y=%2F";
  HttpFields fields = {{"Host", "127.0.0.1:8000"}, {"X-Amzn-SageMaker-Target-Model", "8.tar.gz"}};
  std::string body = R"({"period": 7})";

  explicit Signed(std::string_view service, const std::string& token = "") {
    Credentials keys = kKeys;
    keys.session_token = token;
    const std::size_t question = target.find('?');
    sign(keys, scope_of(service), method, target.substr(0, question), target.substr(question + 1), hex(sha256(body)),
         fields);
  }
  std::string& field(std::string_view name) {
    for (auto& [own, value] : fields) {
      if (own == name) return value;
    }
    ADD_FAILURE() << name;
    return fields.front().second;
  }
  HttpRequest request() const { return request_of(text_of_request(method, target, fields, body)); }
  std::string code(Time now = kNow) const { return code_of(request(), now); }
};

TEST(SigV4Check, PassesWhatOurClientSigns) {
  for (const std::string_view service : {"s3", "sagemaker", "sts"}) {
    EXPECT_EQ(Signed(service).code(), "passes") << service;
    EXPECT_EQ(Signed(service, "a/token+with==").code(), "passes") << service;
    EXPECT_EQ(Signed(service).code(kNow + 15min), "passes");
    EXPECT_EQ(Signed(service).code(kNow + 15min + 1s), "RequestTimeTooSkewed");
    EXPECT_EQ(Signed(service).code(kNow - 15min - 1s), "RequestTimeTooSkewed");
    const auto other = refusal_of(Signed(service).request(), kNow, "another secret");
    ASSERT_TRUE(other);
    EXPECT_EQ(other->reason, Reason::kMismatch);
  }
}

TEST(SigV4Check, PassesWhatOurClientPresigns) {
  for (const std::string_view service : {"s3", "sts"}) {
    Credentials keys = kKeys;
    keys.session_token = "a/token+with==";
    const std::string query = presigned_query(keys, scope_of(service), "GET", kHost, "/a%20b", "x=1&y=%2F", 60s);
    const HttpRequest request = presigned("/a%20b?" + query);
    EXPECT_EQ(code_of(request), "passes");
    EXPECT_EQ(code_of(presigned("/a%20b?" + query + "&z")), "SignatureDoesNotMatch");
    const ReadSignature read = read_signature(request);
    EXPECT_EQ(std::get<SignatureClaim>(read).session_token, keys.session_token);
    EXPECT_EQ(std::get<SignatureClaim>(read).expires, 60s);
  }
}

// Services read it as a blank, so "%2B" that becomes "+" on the way is another value.
TEST(SigV4Check, TakesAPlusInTheQueryForABlank) {
  const auto signed_query = [](std::string_view query) {
    return "/a?" + presigned_query(kKeys, scope_of("s3"), "GET", kHost, "/a", query, 60s);
  };
  const std::string plus = signed_query("prefix=8%2F%2B");
  EXPECT_EQ(code_of(presigned(plus)), "passes");
  const auto with_plus = [](std::string target, std::string_view was) {
    return target.replace(target.find(was), was.size(), "+");
  };
  EXPECT_EQ(code_of(presigned(with_plus(plus, "%2B"))), "SignatureDoesNotMatch");
  EXPECT_EQ(code_of(presigned(with_plus(signed_query("prefix=8%2F%20"), "%20"))), "passes");
}

TEST(SigV4Check, TellsWhatIsClaimed) {
  const ReadSignature read = read_signature(Signed("s3", "token").request());
  const auto& claim = std::get<SignatureClaim>(read);
  EXPECT_EQ(claim.access_key_id, kKeys.access_key_id);
  EXPECT_EQ(claim.session_token, "token");
  EXPECT_EQ(claim.scope.text(), "20130524/us-east-1/s3/aws4_request");
  EXPECT_EQ(claim.day(), "20130524");
  EXPECT_EQ(claim.payload_hash, hex(sha256(R"({"period": 7})")));
  EXPECT_FALSE(claim.presigned);
}

TEST(SigV4Check, RefusesEveryAlteredPart) {
  for (const std::string_view service : {"s3", "sagemaker"}) {
    const Signed good(service);
    const auto altered = [&](auto&& change) {
      Signed bad = good;
      change(bad);
      return bad.code();
    };
    EXPECT_EQ(altered([](Signed& r) { r.method = "PUT"; }), "SignatureDoesNotMatch");
    EXPECT_EQ(altered([](Signed& r) { r.target = "/endpoints/a%20c/invocations?x=1&y=%2F"; }), "SignatureDoesNotMatch");
    EXPECT_EQ(altered([](Signed& r) { r.target += "&z=1"; }), "SignatureDoesNotMatch");
    EXPECT_EQ(altered([](Signed& r) { r.field("Host") = "127.0.0.1:8001"; }), "SignatureDoesNotMatch");
    EXPECT_EQ(altered([](Signed& r) { r.field("X-Amzn-SageMaker-Target-Model") = "9.tar.gz"; }),
              "SignatureDoesNotMatch");
    EXPECT_EQ(altered([](Signed& r) { r.field("X-Amz-Date") = "20130524T000001Z"; }), "SignatureDoesNotMatch");
    EXPECT_EQ(altered([](Signed& r) { r.fields.emplace_back("X-Amzn-SageMaker-Target-Model", "9.tar.gz"); }),
              "SignatureDoesNotMatch");
    EXPECT_EQ(altered([](Signed& r) { r.fields.emplace_back("X-AMZ-Copy-Source", "/b/k"); }), "AccessDenied");
    EXPECT_EQ(altered([](Signed& r) { r.fields.erase(r.fields.begin() + 1); }), "AccessDenied");
    EXPECT_EQ(altered([](Signed& r) { r.fields.emplace_back("Authorization", r.field("Authorization")); }),
              "InvalidArgument");
    EXPECT_EQ(altered([](Signed& r) { r.field("X-Amz-Date") = "20130525T000000Z"; }), "AuthorizationHeaderMalformed");
    EXPECT_EQ(altered([](Signed& r) { r.field("X-Amz-Date") = "20130524"; }), "AccessDenied");
  }
  // S3 signs the hash it is told; other services the body.
  Signed s3("s3");
  s3.field("X-Amz-Content-Sha256") = std::string(kEmptyHash);
  EXPECT_EQ(s3.code(), "SignatureDoesNotMatch");
  Signed body("sagemaker");
  body.body = R"({"period": 8})";
  EXPECT_EQ(body.code(), "SignatureDoesNotMatch");
}

TEST(SigV4Check, RefusesEveryFlippedBitOfTheHead) {
  const std::string good = text_of_request("POST", Signed("s3").target, Signed("s3").fields);
  ASSERT_EQ(code_of(request_of(good)), "passes");
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 7; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      HttpParser parser({});
      HttpRequest request;
      parser.begin(request);
      const HttpParser::Progress progress = parser.feed(bad);
      if (!progress.complete) continue;
      const std::string code = code_of(request);
      // What the flip leaves the same: the case of a field's name, the version's minor number, an escape's digit.
      const bool same = same_ignoring_case(bad, good) || request.http_1_0();
      EXPECT_TRUE(code != "passes" || same) << bad;
    }
  }
}

TEST(SigV4Check, RefusesAMalformedAuthorization) {
  const std::string signature(64, 'a');
  const auto code = [](const std::string& value, std::string_view date = "20130524T000000Z") {
    return code_of(request_of(text_of_request("GET", "/",
                                              {{"Host", "h"},
                                               {"X-Amz-Date", std::string(date)},
                                               {"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"},
                                               {"Authorization", value}})));
  };
  const std::string good = authorization("host;x-amz-date", signature);
  EXPECT_EQ(code(good), "SignatureDoesNotMatch");
  EXPECT_EQ(code(replaced(good, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512")), "InvalidRequest");
  EXPECT_EQ(code("AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl"), "InvalidRequest");
  EXPECT_EQ(code("Bearer token"), "InvalidRequest");
  EXPECT_EQ(code(""), "InvalidRequest");
  EXPECT_EQ(code("AWS4-HMAC-SHA256 Credential=a"), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(good + ",Signature=" + signature), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(good + ",More=1"), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(replaced(good, "/us-east-1", "")), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(replaced(good, "us-east-1", "")), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(replaced(good, "aws4_request", "aws4_request/x")), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(replaced(good, "aws4_request", "aws5_request")), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(replaced(good, "host;", "x;host;")), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(replaced(good, "host;", "host;host;")), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(replaced(good, "host;", "Host;")), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(replaced(good, "host;", "host;;")), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(good.substr(0, good.size() - 1)), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(replaced(good, "20130524", "20130525")), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(good, "20130524T000060Z"), "AccessDenied");
  EXPECT_EQ(code(good, "20130532T000000Z"), "AccessDenied");
  EXPECT_EQ(code(good, "2013052-T000000Z"), "AccessDenied");
}

TEST(SigV4Check, DemandsAPayloadHashOfS3) {
  const auto code = [](std::string_view hash) {
    return code_of(
        request_of(text_of_request("GET", "/",
                                   {{"Host", "h"},
                                    {"X-Amz-Date", "20130524T000000Z"},
                                    {"X-Amz-Content-Sha256", std::string(hash)},
                                    {"Authorization", authorization("host;x-amz-date", std::string(64, 'a'))}})));
  };
  EXPECT_EQ(code(""), "InvalidRequest");
  EXPECT_EQ(code("abc"), "InvalidArgument");
  EXPECT_EQ(code(std::string(64, 'A')), "InvalidArgument");
  EXPECT_EQ(code("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), "InvalidArgument");
  EXPECT_EQ(code("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), "SignatureDoesNotMatch");
  EXPECT_EQ(code(kEmptyHash), "SignatureDoesNotMatch");
}

TEST(SigV4Check, TakesTheDateFieldWhereThereIsNoOther) {
  HttpFields fields = {{"host", "h"}, {"date", "Fri, 24 May 2013 00:00:00 GMT"}};
  const std::string canonical =
      canonical_request({"GET", "/", "", fields}, "date;host", hex(sha256("")), PathRule::kOthers);
  const Scope scope = scope_of("sts");
  fields.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/" + scope.text() +
                                           ", SignedHeaders=date;host, Signature=" +
                                           signature(kKeys.secret_access_key, scope, string_to_sign(scope, canonical)));
  EXPECT_EQ(code_of(request_of(text_of_request("GET", "/", fields))), "passes");
}

}  // namespace
}  // namespace chiliad::net::sigv4
