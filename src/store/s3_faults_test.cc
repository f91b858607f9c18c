// What the S3 store does when the other side refuses, dies, stalls or lies: over a real server where one is at hand
// (s3_server_process.h), over a scripted one for what a real server does not do on demand.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/deadline_for_test.h"
#include "base/file.h"
#include "base/hash.h"
#include "net/scripted_server.h"
#include "store/s3.h"
#include "store/s3_server_process.h"

namespace chiliad::store {
namespace {

namespace fs = std::filesystem;
using net::scripted_answer;
using net::ScriptedConnection;
using net::ScriptedServer;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr std::size_t kPart = 5u << 20;

Deadline in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

std::unique_ptr<ObjectStore> open_at(const std::string& endpoint, int attempts = 4,
                                     const net::Environment& environment = test_environment()) {
  S3Options options;
  options.bucket = "bucket";
  options.endpoint = endpoint;
  options.attempts = attempts;
  options.part_bytes = kPart;
  Result<std::unique_ptr<ObjectStore>> store = open_s3(options, environment);
  EXPECT_TRUE(store) << store.error().message;
  return std::move(*store);
}

std::string s3_error(const std::string& code) {
  return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>why</Message></Error>";
}

// A folder with a file of `size` bytes called "from".
TempFolder folder_with_file(std::size_t size) {
  Result<TempFolder> folder = TempFolder::make();
  EXPECT_TRUE(folder);
  std::ofstream(folder->path() / "from") << std::string(size, 'x');
  return std::move(*folder);
}

// Passes bytes between its clients and a port of this machine; `on_bytes` hears how many have gone up and down.
class Proxy {
 public:
  Proxy(std::uint16_t target, std::function<void(std::size_t up, std::size_t down)> on_bytes)
      : target_(target), on_bytes_(std::move(on_bytes)) {
    server_ = std::make_unique<ScriptedServer>(
        [this](const std::string& first, ScriptedConnection& client) { return pass(first, client); });
  }
  std::string url() const { return server_->url(); }

 private:
  // The scripted server has read one whole request. The real one is told to hang up behind its answer.
  bool pass(std::string request, ScriptedConnection& client) {
    request.insert(request.find("\r\n") + 2, "Connection: close\r\n");
    const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(target_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
    for (std::size_t at = 0; at < request.size();) {
      const std::size_t piece = std::min<std::size_t>(request.size() - at, 64 << 10);
      const ssize_t put = ::send(socket.get(), request.data() + at, piece, MSG_NOSIGNAL);
      if (put <= 0) return false;
      at += static_cast<std::size_t>(put);
      up_ += static_cast<std::size_t>(put);
      on_bytes_(up_, down_);
    }
    std::string bytes(64 << 10, '\0');
    while (true) {
      const ssize_t got = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
      if (got <= 0) return false;
      if (!client.send(std::string_view(bytes).substr(0, static_cast<std::size_t>(got)))) return false;
      down_ += static_cast<std::size_t>(got);
      on_bytes_(up_, down_);
    }
  }

  const std::uint16_t target_;
  const std::function<void(std::size_t, std::size_t)> on_bytes_;
  std::atomic<std::size_t> up_{0};
  std::atomic<std::size_t> down_{0};
  std::unique_ptr<ScriptedServer> server_;
};

class RealServer : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<S3ServerProcess>> server = S3ServerProcess::start();
    if (!server && server.error().code == ErrorCode::kNotFound) GTEST_SKIP() << server.error().message;
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    bucket_ = server_->make_bucket();
    ASSERT_FALSE(bucket_.empty());
  }
  S3ServerProcess& server() { return *server_; }
  const std::string& bucket() { return bucket_; }

 private:
  std::unique_ptr<S3ServerProcess> server_;
  std::string bucket_;
};

TEST_F(RealServer, RefusesAWrongSecret) {
  if (!S3ServerProcess::is_strict()) GTEST_SKIP() << "moto checks no signatures";
  net::Credentials wrong = kTestKeys;
  wrong.secret_access_key += "x";
  const net::Credentials stranger = {"stranger", "secret", "", std::nullopt};
  for (const net::Credentials& keys : {wrong, stranger}) {
    S3Options options;
    options.bucket = bucket();
    options.endpoint = server().endpoint();
    const std::unique_ptr<ObjectStore> store = *open_s3(options, test_environment(keys));
    const Result<ObjectInfo> put = store->put("a", "x", {}, soon());
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, ErrorCode::kForbidden) << put.error().message;
    EXPECT_EQ(store->list({}, soon()).error().code, ErrorCode::kForbidden);
  }
}

TEST_F(RealServer, HasNoSuchBucket) {
  const std::unique_ptr<ObjectStore> store = *server().open("no-such-bucket");
  EXPECT_EQ(store->put("a", "x", {}, soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->get("a", {}, soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->list({}, soon()).error().code, ErrorCode::kNotFound);
}

TEST_F(RealServer, DiesInTheMiddleOfAnUpload) {
  std::once_flag once;
  std::size_t killed_at = 0;
  Proxy proxy(server().port(), [&](std::size_t up, std::size_t) {
    if (up > 2 * kPart)
      std::call_once(once, [&] {
        killed_at = up;
        server().kill();
      });
  });
  const TempFolder folder = folder_with_file(6 * kPart);
  const Result<ObjectInfo> up =
      (*server().open(bucket(), "", proxy.url()))->upload(folder.path() / "from", "large", soon());
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().code, ErrorCode::kUnavailable) << up.error().message;
  EXPECT_GT(killed_at, 0u);
  if (!S3ServerProcess::is_strict()) return;  // moto forgets everything anyway.
  ASSERT_TRUE(server().launch());
  const std::unique_ptr<ObjectStore> store = *server().open(bucket());
  EXPECT_EQ(store->head("large", soon()).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(list_all(*store, "", soon())->empty());
}

TEST_F(RealServer, DiesInTheMiddleOfADownload) {
  const TempFolder folder = folder_with_file(6 * kPart);
  ASSERT_TRUE((*server().open(bucket()))->upload(folder.path() / "from", "large", soon()));
  std::once_flag once;
  std::size_t killed_at = 0;
  Proxy proxy(server().port(), [&](std::size_t, std::size_t down) {
    if (down > 2 * kPart)
      std::call_once(once, [&] {
        killed_at = down;
        server().kill();
      });
  });
  const Result<ObjectInfo> down =
      (*server().open(bucket(), "", proxy.url()))->download("large", folder.path() / "to", soon());
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, ErrorCode::kUnavailable) << down.error().message;
  EXPECT_GT(killed_at, 0u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(S3Faults, AServerThatIsNotThereIsUnavailable) {
  std::string url;
  {
    url = ScriptedServer([](const std::string&, ScriptedConnection&) { return false; }).url();
  }
  const Result<std::string> bytes = open_at(url, 2)->get("a", {}, soon());
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(bytes.error().message.starts_with("s3://bucket: key 'a': ")) << bytes.error().message;
  EXPECT_TRUE(bytes.error().message.ends_with("(after 2 attempts)")) << bytes.error().message;
}

TEST(S3Faults, AServerThatStallsMeetsTheDeadline) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) { return connection.stall(); });
  const std::unique_ptr<ObjectStore> store = open_at(server.url());
  const TempFolder folder = folder_with_file(2 * kPart);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(store->get("a", {}, in(100ms)).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(store->put("a", "x", {}, in(100ms)).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(store->head("a", in(100ms)).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(store->remove("a", in(100ms)).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(store->list({}, in(100ms)).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(store->download("a", folder.path() / "to", in(100ms)).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(store->upload(folder.path() / "from", "a", in(100ms)).error().code, ErrorCode::kDeadline);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_FALSE(fs::exists(folder.path() / "to"));
}

TEST(S3Faults, AServerThatTricklesMeetsTheDeadline) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) {
    bool going = connection.send("HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n");
    while (going) going = connection.send("x") && connection.stall(5);
    return false;
  });
  EXPECT_EQ(open_at(server.url())->get("a", {}, in(300ms)).error().code, ErrorCode::kDeadline);
}

TEST(S3Faults, TriesAgainWhatMayPass) {
  for (const auto& [status, code] : std::vector<std::pair<int, std::string>>{{503, "SlowDown"},
                                                                             {500, "InternalError"},
                                                                             {429, ""},
                                                                             {502, ""},
                                                                             {504, ""},
                                                                             {400, "RequestTimeout"},
                                                                             {0, ""}}) {
    std::atomic<int> count{0};
    ScriptedServer server([&, status = status, code = code](const std::string&, ScriptedConnection& connection) {
      if (++count == 3) return connection.send(scripted_answer(200, "bytes"));
      if (status == 0) return false;  // Hangs up.
      return connection.send(scripted_answer(status, code.empty() ? "" : s3_error(code)));
    });
    const Result<std::string> bytes = open_at(server.url())->get("a", {}, soon());
    ASSERT_TRUE(bytes) << status << bytes.error().message;
    EXPECT_EQ(*bytes, "bytes");
    EXPECT_EQ(count, 3) << status;
  }
}

TEST(S3Faults, GivesUpAfterItsAttempts) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) {
    return connection.send(scripted_answer(503, s3_error("SlowDown")));
  });
  const Result<std::string> bytes = open_at(server.url(), 3)->get("a", {}, soon());
  EXPECT_EQ(bytes.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(bytes.error().message.find("status 503 SlowDown: why (after 3 attempts)"), std::string::npos)
      << bytes.error().message;
  EXPECT_EQ(server.requests(), 3);
}

TEST(S3Faults, DoesNotWaitPastTheDeadline) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) {
    return connection.send(scripted_answer(503, "", "Retry-After: 20\r\n"));
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(open_at(server.url())->get("a", {}, in(5s)).error().code, ErrorCode::kDeadline);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 4s);
  EXPECT_EQ(server.requests(), 1);
}

TEST(S3Faults, DoesNotTryAgainWhatCannotPass) {
  for (const auto& [status, expected] : std::vector<std::pair<int, ErrorCode>>{{400, ErrorCode::kInvalid},
                                                                               {403, ErrorCode::kForbidden},
                                                                               {404, ErrorCode::kNotFound},
                                                                               {507, ErrorCode::kNoSpace}}) {
    ScriptedServer server([&, status = status](const std::string&, ScriptedConnection& connection) {
      return connection.send(scripted_answer(status, s3_error("Something")));
    });
    EXPECT_EQ(open_at(server.url())->get("a", {}, soon()).error().code, expected);
    EXPECT_EQ(server.requests(), 1) << status;
  }
}

TEST(S3Faults, AConditionalPutIsNotSentTwiceWhenItMayHaveWorked) {
  std::atomic<bool> refuse{false};
  ScriptedServer server([&](const std::string&, ScriptedConnection& connection) {
    if (refuse.exchange(false)) return connection.send(scripted_answer(503, s3_error("SlowDown")));
    return false;  // Hangs up without an answer.
  });
  const std::unique_ptr<ObjectStore> store = open_at(server.url());
  EXPECT_EQ(store->put("a", "x", {.only_if_absent = true}, soon()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(server.requests(), 1);
  refuse = true;  // "Slow down" says that nothing was done: then once more.
  EXPECT_EQ(store->put("a", "x", {.only_if_etag = "e"}, soon()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(server.requests(), 3);
}

TEST(S3Faults, AnUploadThatFailsIsAborted) {
  std::atomic<bool> aborted{false};
  ScriptedServer server([&](const std::string& request, ScriptedConnection& connection) {
    if (request.starts_with("POST /bucket/a%20b?uploads= "))
      return connection.send(scripted_answer(
          200, "<InitiateMultipartUploadResult><UploadId>i/d</UploadId></InitiateMultipartUploadResult>"));
    if (request.starts_with("DELETE /bucket/a%20b?uploadId=i%2Fd ")) {
      aborted = true;
      return connection.send(scripted_answer(204, ""));
    }
    const bool second = request.starts_with("PUT /bucket/a%20b?partNumber=2&uploadId=i%2Fd ");
    return connection.send(second ? scripted_answer(403, s3_error("AccessDenied"))
                                  : scripted_answer(200, "", "ETag: \"x\"\r\n"));
  });
  const TempFolder folder = folder_with_file(3 * kPart);
  const Result<ObjectInfo> up = open_at(server.url())->upload(folder.path() / "from", "a b", soon());
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().code, ErrorCode::kForbidden) << up.error().message;
  EXPECT_TRUE(aborted);
}

// The answer to "complete" is lost; the next try finds no upload, but the object.
TEST(S3Faults, AnUploadWhoseEndIsLostIsFoundComplete) {
  std::atomic<int> completes{0};
  const std::string part_etag = "900150983cd24fb0d6963f7d28e17f72";
  std::string raw;
  for (std::size_t i = 0; i < 32; i += 2) raw += static_cast<char>(std::stoi(part_etag.substr(i, 2), nullptr, 16));
  const std::string etag = hex(md5(raw + raw)) + "-2";
  ScriptedServer server([&](const std::string& request, ScriptedConnection& connection) {
    if (request.starts_with("POST /bucket/a?uploads= "))
      return connection.send(scripted_answer(
          200, "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>"));
    if (request.starts_with("POST")) {
      if (++completes == 1) return connection.send(scripted_answer(200, s3_error("InternalError")));
      if (completes == 2) return false;
      return connection.send(scripted_answer(404, s3_error("NoSuchUpload")));
    }
    if (request.starts_with("HEAD")) {
      connection.send("HTTP/1.1 200 X\r\nETag: \"" + etag + "\"\r\nContent-Length: " + std::to_string(2 * kPart) +
                      "\r\nLast-Modified: Fri, 30 Aug 2015 12:36:00 GMT\r\n\r\n");
      return true;
    }
    return connection.send(scripted_answer(200, "", "ETag: \"" + part_etag + "\"\r\n"));
  });
  const TempFolder folder = folder_with_file(2 * kPart);
  const Result<ObjectInfo> up = open_at(server.url())->upload(folder.path() / "from", "a", soon());
  ASSERT_TRUE(up) << up.error().message;
  EXPECT_EQ(up->etag, etag);
  EXPECT_EQ(completes, 3);
}

// Part after part names the first one's version; the object is replaced once in between.
TEST(S3Faults, ADownloadDoesNotMixTwoVersions) {
  std::atomic<int> version{1};
  ScriptedServer server([&](const std::string& request, ScriptedConnection& connection) {
    const std::string etag = "\"v" + std::to_string(version) + "\"";
    const std::size_t match = request.find("If-Match: ");
    if (match != std::string::npos && version == 1) version = 2;
    if (match != std::string::npos && request.compare(match + 10, 4, "\"v" + std::to_string(version) + "\"") != 0)
      return connection.send(scripted_answer(412, s3_error("PreconditionFailed")));
    const std::size_t offset = std::stoul(request.substr(request.find("Range: bytes=") + 13));
    return connection.send(scripted_answer(206, std::string(kPart, version == 1 ? '1' : '2'),
                                           "ETag: " + etag + "\r\nContent-Range: bytes " + std::to_string(offset) +
                                               "-" + std::to_string(offset + kPart - 1) + "/" +
                                               std::to_string(3 * kPart) + "\r\n"));
  });
  const TempFolder folder = folder_with_file(0);
  const Result<ObjectInfo> down = open_at(server.url())->download("a", folder.path() / "to", soon());
  ASSERT_TRUE(down) << down.error().message;
  EXPECT_EQ(down->etag, "v2");
  EXPECT_TRUE(*read_file(folder.path() / "to") == std::string(3 * kPart, '2'));
}

TEST(S3Faults, LiesAboutLengthsAndRangesAreNoticed) {
  net::SharedText answer;
  ScriptedServer server([&](const std::string&, ScriptedConnection& connection) {
    connection.send(answer.get());
    return false;
  });
  const std::unique_ptr<ObjectStore> store = open_at(server.url(), 1);
  const TempFolder folder = folder_with_file(0);
  for (const std::string lie : {
           "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nshort",
           "HTTP/1.1 206 X\r\nContent-Length: 5\r\nContent-Range: bytes 7-11/100\r\n\r\nother",
           "HTTP/1.1 206 X\r\nContent-Length: 5\r\n\r\nnaked",
           "HTTP/1.1 206 X\r\nContent-Length: 5\r\nContent-Range: bytes 1-x/y\r\n\r\nwrong",
       }) {
    answer = lie;
    EXPECT_EQ(store->get("a", {.offset = 1, .length = 50}, soon()).error().code, ErrorCode::kUnavailable) << lie;
    EXPECT_EQ(store->download("a", folder.path() / "to", soon()).error().code, ErrorCode::kUnavailable) << lie;
  }
  answer = "HTTP/1.1 206 X\r\nContent-Length: 5\r\nContent-Range: bytes 0-4/100\r\n\r\nshort";  // Of 100 bytes.
  EXPECT_EQ(store->download("a", folder.path() / "to", soon()).error().code, ErrorCode::kUnavailable);
  answer = "HTTP/1.1 200 X\r\n\r\n";  // No length at all.
  EXPECT_EQ(store->head("a", soon()).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(fs::exists(folder.path() / "to"));
  answer = scripted_answer(200, "0123456789");  // Ignores the range: allowed, and cut here.
  EXPECT_EQ(*store->get("a", {.offset = 2, .length = 3}, soon()), "234");
}

TEST(S3Faults, AnAnswerThatIsNoListingIsCorrupt) {
  net::SharedText answer;
  ScriptedServer server([&](const std::string&, ScriptedConnection& connection) {
    return connection.send(scripted_answer(200, answer.get()));
  });
  const std::unique_ptr<ObjectStore> store = open_at(server.url(), 1);
  const std::string object = "<Contents><Key>a</Key><Size>1</Size></Contents>";
  for (const std::string& garbage :
       {std::string(), std::string("<html>"), std::string("{}"), std::string("\xFF\xFE\0", 3),
        std::string("<ListBucketResult>"),
        std::string("<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>"),
        std::string("<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>"),
        std::string("<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>"),
        "<ListBucketResult>" + object + "<IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    answer = garbage;
    EXPECT_EQ(store->list({}, soon()).error().code, ErrorCode::kCorrupt) << garbage;
  }
  // Entities of its own are no entities.
  answer =
      "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\">]><ListBucketResult><Contents><Key>&a;&amp;</Key><Size>1</Size>"
      "</Contents></ListBucketResult>";
  EXPECT_EQ(store->list({}, soon())->objects.at(0).key, "&a;&");
  // Keys that this interface does not know are left out.
  answer = "<ListBucketResult>" + object +
           "<Contents><Key>x//y</Key><Size>1</Size></Contents><Contents><Key>folder/</Key>"
           "<Size>0</Size></Contents></ListBucketResult>";
  EXPECT_EQ(store->list({}, soon())->objects.size(), 1u);
}

TEST(S3Faults, AnEndlessAnswerIsTooLarge) {
  const std::string piece(1 << 20, 'x');
  ScriptedServer server([&](const std::string&, ScriptedConnection& connection) {
    bool going = connection.send("HTTP/1.1 200 X\r\n\r\n<ListBucketResult>");
    while (going) going = connection.send(piece);
    return false;
  });
  EXPECT_EQ(open_at(server.url())->list({}, soon()).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(open_at(server.url())->get("a", {.offset = 0, .length = 10}, soon()).error().code, ErrorCode::kTooLarge);
}

TEST(S3Faults, CredentialsThatHaveEndedAreFetchedAgain) {
  std::atomic<int> fetched{0};
  ScriptedServer keys([&](const std::string&, ScriptedConnection& connection) {
    return connection.send(scripted_answer(
        200, R"({"AccessKeyId": "K)" + std::to_string(++fetched) + R"(", "SecretAccessKey": "S", "Token": "T"})"));
  });
  ScriptedServer server([&](const std::string& request, ScriptedConnection& connection) {
    if (request.find("Credential=K1/") != std::string::npos)
      return connection.send(scripted_answer(400, s3_error("ExpiredToken")));
    return connection.send(scripted_answer(200, "bytes"));
  });
  const std::string url = keys.url();
  const net::Environment environment = [url](const std::string& name) {
    return name == "AWS_CONTAINER_CREDENTIALS_FULL_URI" ? url : std::string();
  };
  const Result<std::string> bytes = open_at(server.url(), 4, environment)->get("a", {}, soon());
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(fetched, 2);
}

TEST(S3Faults, SaysInWhichRegionTheBucketIs) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) {
    return connection.send(scripted_answer(301, "", "x-amz-bucket-region: eu-north-1\r\n"));
  });
  const Result<ObjectInfo> info = open_at(server.url())->head("a", soon());
  EXPECT_EQ(info.error().code, ErrorCode::kInvalid);
  EXPECT_NE(info.error().message.find("the bucket is in region eu-north-1, not us-east-1"), std::string::npos)
      << info.error().message;
}

TEST(S3Faults, PutsTheBucketBeforeAHostsName) {
  net::SharedText seen;
  ScriptedServer server([&](const std::string& request, ScriptedConnection& connection) {
    seen = request;
    return connection.send(scripted_answer(200, "bytes"));
  });
  const std::string port = server.url().substr(server.url().rfind(':'));
  ASSERT_TRUE(open_at("http://s3.localhost" + port)->get("a/b", {}, soon()));
  EXPECT_TRUE(seen.get().starts_with("GET /a/b HTTP/1.1\r\n")) << seen.get();
  EXPECT_NE(seen.get().find("Host: bucket.s3.localhost" + port + "\r\n"), std::string::npos) << seen.get();
}

TEST(OpenS3, RefusesOptionsThatCannotWork) {
  const auto message = [](S3Options options) {
    const Result<std::unique_ptr<ObjectStore>> store = open_s3(std::move(options), test_environment());
    return store ? std::string("no error") : store.error().message;
  };
  EXPECT_NE(message({.bucket = "a"}).find("bucket"), std::string::npos);
  EXPECT_NE(message({.bucket = "a/b"}).find("bucket"), std::string::npos);
  EXPECT_NE(message({.bucket = "abc", .prefix = "p"}).find("prefix"), std::string::npos);
  EXPECT_NE(message({.bucket = "abc", .prefix = "../"}).find("prefix"), std::string::npos);
  EXPECT_NE(message({.bucket = "abc", .region = "a b"}).find("region"), std::string::npos);
  EXPECT_NE(message({.bucket = "abc", .endpoint = "localhost:9000"}).find("endpoint"), std::string::npos);
  EXPECT_NE(message({.bucket = "abc", .attempts = 0}).find("attempts"), std::string::npos);
  EXPECT_NE(message({.bucket = "abc", .part_bytes = 1}).find("part_bytes"), std::string::npos);
  EXPECT_EQ(message({.bucket = "abc"}), "no error");
}

TEST(OpenStore, TellsS3FromAFolder) {
  EXPECT_EQ((*open_store("s3://my-bucket/models"))->location(), "s3://my-bucket/models");
  EXPECT_EQ((*open_store("s3://my-bucket"))->location(), "s3://my-bucket");
  for (const char* bad : {"s3://", "s3://ab", "s3://a b c/models", "s3://a%2Fb/x"})
    EXPECT_EQ(open_store(bad).error().code, ErrorCode::kInvalid) << bad;
  EXPECT_EQ(open_store("s3://bucket//x").error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace chiliad::store
