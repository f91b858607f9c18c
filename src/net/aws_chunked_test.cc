#include "net/aws_chunked.h"

#include <gtest/gtest.h>

#include "base/checksum.h"
#include "net/request_under_test.h"

namespace chiliad::net {
namespace {

using namespace std::chrono_literals;  // NOLINT: dates read better so.

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const sigv4::Scope kScope = {sigv4::Time(std::chrono::sys_days(2013y / 5 / 24)), "us-east-1", "s3"};
const sigv4::SigningKey kKey(kSecret, "20130524", "us-east-1", "s3");

// What became of a body.
struct Outcome {
  std::string payload;
  std::string code = "complete";
  HttpFields trailer;
  bool operator==(const Outcome&) const = default;
};

Outcome decode(AwsChunkedDecoder decoder, std::string_view body, std::size_t step) {
  Outcome outcome;
  while (!body.empty() && decoder.refusal() == nullptr) {
    std::string_view piece = body.substr(0, step);
    body.remove_prefix(piece.size());
    while (!piece.empty() && decoder.refusal() == nullptr) outcome.payload += decoder.take(piece);
  }
  if (const auto* refusal = decoder.finish()) {
    outcome.code = refusal->code;
  } else {
    outcome.trailer = decoder.trailer();
  }
  return outcome;
}

AwsChunkedDecoder::Begun begun(const HttpFields& fields, const sigv4::SignatureClaim* claim = nullptr) {
  return AwsChunkedDecoder::begin(request_of(text_of_request("PUT", "/b/k", fields)), claim, &kKey);
}

// A decoder as a head makes it whose signature is `seed` (none: nothing is checked).
AwsChunkedDecoder decoder_of(std::string_view form, std::size_t size, std::string_view trailer, std::string_view seed) {
  HttpFields fields = {{"Host", "h"},
                       {"X-Amz-Content-Sha256", std::string(form)},
                       {"X-Amz-Decoded-Content-Length", std::to_string(size)}};
  if (!trailer.empty()) fields.emplace_back("X-Amz-Trailer", trailer);
  sigv4::SignatureClaim claim;
  claim.scope = kScope;
  claim.payload_hash = form;
  claim.signature = seed;
  return std::get<AwsChunkedDecoder>(begun(fields, seed.empty() ? nullptr : &claim));
}

// ---------------------------------------------------------------------------------------------------
// AWS's examples
// ---------------------------------------------------------------------------------------------------

const std::string kFirst(65536, 'a');
const std::string kSecond(1024, 'a');

// "Transferring payload in multiple chunks": the whole request, its head's signature too.
TEST(AwsChunked, PassesTheExampleOfS3) {
  const std::string body =
      "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + kFirst + "\r\n" +
      "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + kSecond + "\r\n" +
      "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  ASSERT_EQ(body.size(), 66824u);
  const HttpRequest request = request_of(text_of_request(
      "PUT", "/examplebucket/chunkObject.txt",
      {{"Host", "s3.amazonaws.com"},
       {"x-amz-date", "20130524T000000Z"},
       {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
       {"Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-"
        "encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,"
        "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"},
       {"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
       {"Content-Encoding", "aws-chunked"},
       {"x-amz-decoded-content-length", "66560"}},
      body));
  const sigv4::ReadSignature read = sigv4::read_signature(request);
  const auto& claim = std::get<sigv4::SignatureClaim>(read);
  EXPECT_FALSE(sigv4::check_signature(claim, kKey, request, sigv4::PathRule::kS3, kScope.time));
  auto decoder = AwsChunkedDecoder::begin(request, &claim, &kKey);
  const Outcome outcome = decode(std::get<AwsChunkedDecoder>(std::move(decoder)), request.body(), 8192);
  EXPECT_EQ(outcome.code, "complete");
  EXPECT_EQ(outcome.payload, kFirst + kSecond);
}

std::string example_with_trailer() {
  return "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" + kFirst +
         "\r\n" + "400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" + kSecond +
         "\r\n" + "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
         "x-amz-checksum-crc32c:sOO8/Q==\r\n" +
         "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
}

AwsChunkedDecoder trailer_decoder() {
  return decoder_of("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", 66560, "x-amz-checksum-crc32c",
                    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
}

TEST(AwsChunked, PassesTheExampleWithATrailer) {
  const Outcome outcome = decode(trailer_decoder(), example_with_trailer(), 1000);
  EXPECT_EQ(outcome.code, "complete");
  EXPECT_EQ(outcome.payload, kFirst + kSecond);
  const HttpFields expected = {{"x-amz-checksum-crc32c", "sOO8/Q=="}};
  EXPECT_EQ(outcome.trailer, expected);
  EXPECT_EQ(checksum_of(ChecksumKind::kCrc32c, outcome.payload).base64(), "sOO8/Q==");
}

TEST(AwsChunked, PassesAnEmptyLineBeforeTheTrailersSignature) {
  std::string body = example_with_trailer();
  body.replace(body.find("/Q==\r\n"), 6, "/Q==\n\r\n");
  EXPECT_EQ(decode(trailer_decoder(), body, 1000).code, "complete");
}

// ---------------------------------------------------------------------------------------------------
// Frames of our own
// ---------------------------------------------------------------------------------------------------

std::string chunk_signature(const std::string& before, std::string_view payload) {
  return kKey.sign("AWS4-HMAC-SHA256-PAYLOAD\n" + kScope.timestamp() + "\n" + kScope.text() + "\n" + before + "\n" +
                   hex(sha256("")) + "\n" + hex(sha256(payload)));
}

const std::string kSeed(64, 'e');

std::string signed_body(const std::vector<std::string>& chunks) {
  std::string body;
  std::string signature = kSeed;
  for (const std::string& chunk : chunks) {
    signature = chunk_signature(signature, chunk);
    char size[32];
    std::snprintf(size, sizeof size, "%zx", chunk.size());
    body.append(size).append(";chunk-signature=").append(signature).append("\r\n").append(chunk).append("\r\n");
  }
  return body;
}

AwsChunkedDecoder signed_decoder(std::size_t size) {
  return decoder_of("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", size, "", kSeed);
}
AwsChunkedDecoder unsigned_decoder(std::size_t size, std::string_view trailer = "x-amz-checksum-crc32") {
  return decoder_of("STREAMING-UNSIGNED-PAYLOAD-TRAILER", size, trailer, kSeed);
}

TEST(AwsChunked, DoesNotCareHowTheBytesAreCut) {
  const std::string body = signed_body({"hello ", "chunked", " world", ""});
  const std::string plain = "6\r\nhello \r\nD\r\nchunked world\r\n0\r\nX-Amz-Checksum-CRC32: AAAAAA== \r\n\r\n";
  for (std::size_t step = 1; step < 100; ++step) {
    EXPECT_EQ(decode(signed_decoder(19), body, step), (Outcome{"hello chunked world", "complete", {}})) << step;
    const Outcome expected = {"hello chunked world", "complete", {{"x-amz-checksum-crc32", "AAAAAA=="}}};
    EXPECT_EQ(decode(unsigned_decoder(19), plain, step), expected) << step;
  }
}

TEST(AwsChunked, TakesAnEmptyBody) {
  EXPECT_EQ(decode(signed_decoder(0), signed_body({""}), 100).code, "complete");
  EXPECT_EQ(decode(unsigned_decoder(0, ""), "0\r\n\r\n", 100).code, "complete");
}

TEST(AwsChunked, RefusesEveryAlteredChunk) {
  const std::string good = signed_body({"one", "two", ""});
  ASSERT_EQ(decode(signed_decoder(6), good, 100).code, "complete");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_NE(decode(signed_decoder(6), bad, 100).code, "complete") << i;
    EXPECT_NE(decode(signed_decoder(6), good.substr(0, i), 100).code, "complete") << i;
  }
  EXPECT_EQ(decode(signed_decoder(6), signed_body({"two", "one", ""}), 100).code, "complete");
  const std::size_t chunk = good.find("two") + 5;
  const std::string first = good.substr(0, good.find("\r\n3;") + 2);
  const std::string second = good.substr(first.size(), chunk - first.size());
  const std::string last = good.substr(chunk);
  EXPECT_EQ(decode(signed_decoder(6), second + first + last, 100).code, "SignatureDoesNotMatch");
  EXPECT_EQ(decode(signed_decoder(6), first + first + last, 100).code, "SignatureDoesNotMatch");
  EXPECT_EQ(decode(signed_decoder(3), first + last, 100).code, "SignatureDoesNotMatch");
  EXPECT_EQ(decode(signed_decoder(6), good + "x", 100).code, "IncompleteBody");
}

TEST(AwsChunked, RefusesAnAlteredTrailer) {
  const std::string good = example_with_trailer();
  const auto code = [&](std::string_view what, std::string_view with) {
    std::string bad = good;
    bad.replace(bad.find(what), what.size(), with);
    return decode(trailer_decoder(), bad, 4096).code;
  };
  EXPECT_EQ(code("sOO8", "sOO9"), "SignatureDoesNotMatch");
  EXPECT_EQ(code("x-amz-checksum-crc32c:sOO8/Q==\r\n", ""), "SignatureDoesNotMatch");
  EXPECT_EQ(code("crc32c:", "crc32:"), "MalformedTrailerError");
  EXPECT_EQ(code("x-amz-trailer-signature:", "x-amz-trailer-signature;"), "MalformedTrailerError");
  EXPECT_EQ(code("e435\r\n", "e435\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n"), "MalformedTrailerError");
  EXPECT_EQ(code("x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n", ""),
            "IncompleteBody");
}

TEST(AwsChunked, KeepsTheAnnouncedLengthAndTrailer) {
  const auto code = [](std::size_t size, std::string_view body) {
    return decode(unsigned_decoder(size), body, 7).code;
  };
  EXPECT_EQ(code(3, "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:A\r\n\r\n"), "complete");
  EXPECT_EQ(code(2, "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:A\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code(4, "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:A\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code(3, "3\r\nabc\r\n0\r\n\r\n"), "MalformedTrailerError");
  EXPECT_EQ(code(3, "3\r\nabc\r\n0\r\nx-amz-meta-a:A\r\n\r\n"), "MalformedTrailerError");
  EXPECT_EQ(code(3, "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:A\r\nx-amz-checksum-crc32:A\r\n\r\n"),
            "MalformedTrailerError");
  EXPECT_EQ(code(3, "3\r\nabcd\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code(3, "3\nabc\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code(3, "-3\r\nabc\r\n"), "IncompleteBody");
  EXPECT_EQ(code(3, "0x3\r\nabc\r\n"), "IncompleteBody");
  EXPECT_EQ(code(3, "10000000000000003\r\nabc\r\n"), "IncompleteBody");
  EXPECT_EQ(code(3, "ffffffffffffffff\r\nabc\r\n"), "IncompleteBody");
  EXPECT_EQ(code(3, "3;a=b\r\nabc\r\n"), "IncompleteBody");
  EXPECT_EQ(code(3, "\r\n"), "IncompleteBody");
  EXPECT_EQ(code(3, ""), "IncompleteBody");
}

TEST(AwsChunked, BoundsItsLines) {
  EXPECT_EQ(decode(unsigned_decoder(3), std::string(300, '0'), 7).code, "IncompleteBody");
  EXPECT_EQ(decode(unsigned_decoder(0), "0\r\n" + std::string(5000, 'x'), 7).code, "IncompleteBody");
  std::string lines = "0\r\n";
  for (int i = 0; i < 3000; ++i) lines += "\n";
  EXPECT_EQ(decode(trailer_decoder(), lines, 7).code, "IncompleteBody");
  lines = signed_body({""});
  lines.resize(lines.size() - 2);
  for (int i = 0; i < 5000; ++i) lines += "\n";
  EXPECT_EQ(decode(decoder_of("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", 0, "", kSeed), lines, 7).code,
            "MalformedTrailerError");
}

TEST(AwsChunked, ReadsPastSignaturesThatNobodyAskedFor) {
  const std::string body = "3;chunk-signature=x\r\nabc\r\n0;chunk-signature=x\r\n\r\n";
  const Outcome outcome = decode(decoder_of("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", 3, "", ""), body, 100);
  EXPECT_EQ(outcome, (Outcome{"abc", "complete", {}}));
  EXPECT_EQ(decode(signed_decoder(3), body, 100).code, "SignatureDoesNotMatch");
}

TEST(AwsChunked, TellsOtherBodiesApart) {
  const HttpFields plain = {{"Host", "h"}, {"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"}};
  EXPECT_TRUE(std::holds_alternative<std::monostate>(begun(plain)));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(begun({{"Host", "h"}})));
  for (const std::string_view size : {"", "-1", "1e3", "99999999999999999999"}) {
    const auto refused = begun({{"Host", "h"},
                                {"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
                                {"X-Amz-Decoded-Content-Length", std::string(size)}});
    ASSERT_TRUE(std::holds_alternative<sigv4::Refusal>(refused)) << size;
    EXPECT_EQ(std::get<sigv4::Refusal>(refused).code, "MissingContentLength");
    EXPECT_EQ(std::get<sigv4::Refusal>(refused).status, 411);
  }
}

}  // namespace
}  // namespace chiliad::net
