// TLS with the clients that people use: curl and Python's ssl.

#include "net/tls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "net/certificate.h"
#include "net/http_server.h"
#include "net/http_test_client.h"

namespace chiliad::net {
namespace {

using std::chrono::milliseconds;

// What the command writes to its standard output.
std::string output_of(const std::string& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  std::string all;
  char buffer[65536];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) all.append(buffer, got);
  pclose(pipe);
  return all;
}

class Kept final : public HttpBody {
 public:
  bool take(std::string_view bytes) override {
    text += bytes;
    return true;
  }
  std::string text;
};

// Echoes: /kept from the kept body, /streamed from a sink, GET /file from a file, GET /secure whether it is.
class EchoHandler final : public HttpHandler {
 public:
  BodyPlan begin(const HttpRequest& head, HttpResponse&) override {
    BodyPlan plan;
    if (head.path() == "/streamed") plan.sink = std::make_unique<Kept>();
    return plan;
  }
  void handle(const HttpRequest& request, HttpResponse& response, HttpExchange& exchange) override {
    if (request.path() == "/file") {
      response.file = file;
    } else if (request.path() == "/secure") {
      response.body = request.secure() ? "secure " + request.peer() : "plain";
    } else {
      response.body = exchange.body() == nullptr ? request.body() : static_cast<Kept*>(exchange.body())->text;
    }
  }
  std::shared_ptr<HttpFile> file;
};

class Tls : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto files = ensure_certificate(folder_->path() / "tls", {"example.test"}, std::chrono::system_clock::now());
    ASSERT_TRUE(files) << files.error().message;
    files_ = *files;
    options_.certificate_chain = files_.chain;
    options_.private_key = files_.private_key;
    start();
  }
  void start() {
    server_.reset();
    Result<std::unique_ptr<HttpServer>> server = HttpServer::start(options_, handler_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  std::string url(std::string_view path) const {
    return "https://localhost:" + std::to_string(server_->port()) + std::string(path);
  }
  std::string curl(const std::string& arguments) const {
    return output_of("curl -sS --noproxy '*' --max-time 60 --cacert " + files_.authority.string() + " " + arguments +
                     " 2>&1");
  }
  // `code` sees s, a TLS socket that trusts the server, made with `context` set up by `before`.
  std::string python(const std::string& before, const std::string& code) const {
    const std::filesystem::path script = folder_->path() / "client.py";
    std::ofstream(script) << "import socket, ssl, sys\n"
                             "context = ssl.create_default_context(cafile='"
                          << files_.authority.string()
                          << "')\n"
                             "context.verify_flags |= ssl.VERIFY_X509_STRICT\n"
                          << before
                          << "\n"
                             "try:\n"
                             "    raw = socket.create_connection(('127.0.0.1', "
                          << server_->port()
                          << "), 60)\n"
                             "    s = context.wrap_socket(raw, server_hostname='127.0.0.1')\n"
                             "except (ssl.SSLError, ConnectionError) as error:\n"
                             "    print('refused')\n"
                             "    sys.exit()\n"
                          << code << "\n";
    return output_of("python3 -W ignore " + script.string() + " 2>&1");
  }

  Result<TempFolder> folder_ = TempFolder::make();
  CertificateFiles files_;
  HttpServerOptions options_;
  EchoHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Tls, CurlTrustsAndIsAnswered) {
  EXPECT_EQ(curl(url("/secure")), "secure 127.0.0.1");
  EXPECT_EQ(curl("--tls-max 1.2 " + url("/secure")), "secure 127.0.0.1");
  EXPECT_EQ(curl("--resolve example.test:" + std::to_string(server_->port()) +
                 ":127.0.0.1 https://example.test:" + std::to_string(server_->port()) + "/secure"),
            "secure 127.0.0.1");
  EXPECT_EQ(curl("-o /dev/null -w '%{http_version} %{ssl_verify_result}' " + url("/secure")), "1.1 0");
}

TEST_F(Tls, BodiesAndFilesOfAnySizePass) {
  const std::filesystem::path path = folder_->path() / "big";
  std::string text(7'000'001, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + (i * 2654435761U >> 13) % 26);
  std::ofstream(path) << text;
  handler_.file = std::make_shared<HttpFile>();
  handler_.file->descriptor = *open_file(path, O_RDONLY);
  handler_.file->offset = 1;
  handler_.file->length = text.size() - 1;
  start();
  EXPECT_TRUE(curl(url("/file")) == text.substr(1));
  EXPECT_TRUE(curl("-T " + path.string() + " " + url("/streamed")) == text);
  EXPECT_TRUE(curl("-H 'Transfer-Encoding: chunked' -T " + path.string() + " " + url("/streamed")) == text);
  std::ofstream(path) << text.substr(0, 1'000'000);
  EXPECT_TRUE(curl("--data-binary @" + path.string() + " " + url("/kept")) == text.substr(0, 1'000'000));
}

TEST_F(Tls, PythonSpeaksTls13ManyTimesOnOneConnectionInAnyPieces) {
  const std::string code = R"(
print(s.version(), s.selected_alpn_protocol())
request = b'POST /kept HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n' + b'k' * 40000
for step in (1000, 16384, 100000):
    for at in range(0, len(request), step):
        s.sendall(request[at:at + step])
    got = b''
    while len(got) < 40000 or not got.endswith(b'k') or got.count(b'k') < 40000:
        got += s.recv(65536)
    print(got.count(b'k'))
s.sendall(b'GET /secure HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
got = b''
while piece := s.recv(65536):
    got += piece
print(got.split(b'\r\n')[-1].decode()))";
  EXPECT_EQ(python("context.set_alpn_protocols(['h2', 'http/1.1'])", code),
            "TLSv1.3 http/1.1\n40000\n40000\n40000\nsecure 127.0.0.1\n");
}

TEST_F(Tls, OldVersionsAndOtherProtocolsAreRefused) {
  EXPECT_EQ(python("context.minimum_version = ssl.TLSVersion.TLSv1\n"
                   "context.maximum_version = ssl.TLSVersion.TLSv1_1\ncontext.set_ciphers('ALL:@SECLEVEL=0')",
                   "print(s.version())"),
            "refused\n");
  EXPECT_EQ(python("context.set_alpn_protocols(['h2'])", "print(s.selected_alpn_protocol())"), "refused\n");
  EXPECT_GE(server_->counters().failed_handshakes, 2u);
}

TEST_F(Tls, WhoDoesNotKnowTheAuthorityDoesNotTrust) {
  EXPECT_NE(output_of("curl -sS --noproxy '*' " + url("/secure") + " 2>&1").find("certificate"), std::string::npos);
}

TEST_F(Tls, PlainHttpIsToldToSpeakTls) {
  const std::string answer =
      output_of("curl -sS --noproxy '*' http://127.0.0.1:" + std::to_string(server_->port()) + "/secure 2>&1");
  EXPECT_EQ(answer, R"({"message":"This port speaks TLS: use https:// to reach it"})");
}

TEST_F(Tls, ASilentHandshakeEndsInTime) {
  options_.head_timeout = milliseconds(400);
  start();
  HttpTestClient silent(server_->port());
  HttpTestClient slow(server_->port());
  slow.send("\x16\x03\x01");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(slow.read_all(), "");
  EXPECT_EQ(server_->counters().timed_out, 2u);
  EXPECT_EQ(curl(url("/secure")), "secure 127.0.0.1");
}

TEST_F(Tls, RubbishInsteadOfAHandshakeHurtsNobody) {
  for (const std::string& rubbish :
       {std::string(100'000, '\x16'), std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'x')}) {
    HttpTestClient client(server_->port());
    client.send(rubbish);
    client.read_all();
  }
  EXPECT_EQ(curl(url("/secure")), "secure 127.0.0.1");
}

TEST_F(Tls, SaysWhatIsWrongWithItsFiles) {
  const auto error_of = [&](const std::filesystem::path& chain, const std::filesystem::path& key) {
    options_.certificate_chain = chain;
    options_.private_key = key;
    const auto server = HttpServer::start(options_, handler_);
    return server ? std::string("started") : server.error().message;
  };
  EXPECT_NE(error_of(files_.chain, "").find("one of the two is missing"), std::string::npos);
  EXPECT_NE(error_of("/nowhere", files_.private_key).find("/nowhere: No such file"), std::string::npos);
  EXPECT_NE(error_of(files_.private_key, files_.private_key).find("certificate chain"), std::string::npos);
  const auto other = ensure_certificate(folder_->path() / "other", {}, std::chrono::system_clock::now());
  EXPECT_NE(error_of(files_.chain, other->private_key).find("private key"), std::string::npos);
}

// ---------------------------------------------------------------------------------------------------

TEST(Certificate, IsMadeOnceAndAgainWhenItNoLongerServes) {
  const auto folder = TempFolder::make();
  const std::filesystem::path place = folder->path() / "tls";
  const auto now = std::chrono::system_clock::now();
  EXPECT_TRUE(ensure_certificate(place, {}, now)->made);
  EXPECT_FALSE(ensure_certificate(place, {}, now)->made);
  EXPECT_FALSE(ensure_certificate(place, {}, now + std::chrono::hours(24 * 388))->made);
  EXPECT_TRUE(ensure_certificate(place, {"10.1.2.3", "*.box.lan"}, now)->made);
  EXPECT_FALSE(ensure_certificate(place, {"*.box.lan"}, now)->made);
  EXPECT_TRUE(ensure_certificate(place, {}, now + std::chrono::hours(24 * 392))->made);
  std::filesystem::remove(place / "server.key");
  EXPECT_TRUE(ensure_certificate(place, {}, now)->made);
  std::ofstream(place / "ca.pem") << "rubbish";
  EXPECT_TRUE(ensure_certificate(place, {}, now)->made);
}

TEST(Certificate, NobodyElseReadsTheKey) {
  const auto folder = TempFolder::make();
  const auto files = ensure_certificate(folder->path() / "tls", {}, std::chrono::system_clock::now());
  struct stat status {};
  ASSERT_EQ(::stat(files->private_key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((folder->path() / "tls").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST(Certificate, NamesThatAreNoneAreRefused) {
  const auto folder = TempFolder::make();
  for (const std::string name : {"", "a,DNS:evil", "a b", "*", "*.", "*.lan", "a\n", "email:x@y"}) {
    const auto files = ensure_certificate(folder->path() / "tls", {name}, std::chrono::system_clock::now());
    ASSERT_FALSE(files) << name;
    EXPECT_EQ(files.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace chiliad::net
