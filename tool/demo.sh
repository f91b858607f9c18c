# Sourced by ./run: the demo and what it leaves to look at in build/demo.

demo_folder=build/demo
server_pid=

# timed TITLE COMMAND...: one step of the demo, with what it prints and its seconds. $shown stands for the command where
# that is a function of this file.
timed() {
  local title=$1 began ended
  shift
  echo
  echo "$title"
  echo "  \$ ${shown:-$*}" | sed 's|build/bin/chiliad|chiliad|'
  began=$(date +%s%N)
  "$@" >$demo_folder/step.log 2>&1 || { cat $demo_folder/step.log >&2; exit 1; }
  sed 's/^/  /' $demo_folder/step.log
  ended=$(date +%s%N)
  demo_rows+=("$(printf '  %-58s %8.2f s' "$title" "$(((ended - began) / 1000000))e-3")")
}

# start_server LOG OPTION...: serves in the background; server_url says where.
start_server() {
  local log=$1 waited=0
  shift
  build/bin/chiliad serve "$@" >/dev/null 2>"$log" &
  server_pid=$!
  trap stop_server EXIT
  until server_url=http://$(grep -oE -m 1 '127\.0\.0\.1:[0-9]+' "$log"); do
    kill -0 $server_pid 2>/dev/null || { echo "chiliad serve ended:" >&2; cat "$log" >&2; exit 1; }
    waited=$((waited + 1))
    [ $waited -lt 200 ] || { echo "chiliad serve does not listen after 10 s; its log: $log" >&2; exit 1; }
    sleep 0.05
  done
}

stop_server() {
  [ -n "$server_pid" ] || return 0
  kill -TERM $server_pid 2>/dev/null || true
  wait $server_pid 2>/dev/null || true
  server_pid=
}

# ask CUSTOMER: the next 7 days of one customer, over HTTP.
ask() {
  curl --silent --show-error --fail-with-body --max-time 30 --output "$demo_folder/forecast-$1.json" \
    -H 'Content-Type: application/json' -H "X-Amzn-SageMaker-Target-Model: $1.tar.gz" -d '{"period": 7}' \
    "$server_url/endpoints/demo/invocations"
}

ask_both() {
  ask 8 && ask 735 &&
    python3 tool/print_forecasts.py "8=$demo_folder/forecast-8.json" "735=$demo_folder/forecast-735.json"
}

make_demo_models() {
  mkdir -p $demo_folder
  timed "generate 1,000 customers x 365 days" build/bin/chiliad generate --customers 1000 --output $demo_folder/energy.csv
  rm -rf $demo_folder/customers $demo_folder/models
  timed "split into a file a customer" build/bin/chiliad split --input $demo_folder/energy.csv --output $demo_folder/customers
  # Yearly and weekly waves, though one year of days would not switch the yearly one on by itself.
  timed "train a model a customer" build/bin/chiliad train --data $demo_folder/customers --models $demo_folder/models \
    --threads "$(nproc)" --holdout 7 --yearly-seasonality 2
}

demo() {
  local demo_rows=() server_url
  need_packages build
  build release chiliad
  make_demo_models
  shown="chiliad serve --models $demo_folder/models --endpoint demo --listen 127.0.0.1:0 &" \
    timed "start the server" start_server $demo_folder/serve.log --models $demo_folder/models --endpoint demo \
    --listen 127.0.0.1:0
  shown="curl -H 'X-Amzn-SageMaker-Target-Model: 8.tar.gz' -d '{\"period\": 7}' $server_url/endpoints/demo/invocations" \
    timed "ask for two forecasts over HTTP" ask_both
  timed "plot one of them" build/bin/chiliad plot --model $demo_folder/models/8.tar.gz --period 30 --output $demo_folder/8.svg
  stop_server
  echo
  echo "seconds of each step"
  printf '%s\n' "${demo_rows[@]}"
  cat <<TEXT

look further
  $demo_folder/8.svg                      history, forecast and interval of customer 8; open it in a browser
  $demo_folder/models/                    one archive a customer; chiliad inspect --model $demo_folder/models/8.tar.gz
  ./run serve                            serves these models until Ctrl-C
  ./run up                               the SageMaker API, S3 and the rest on one port until Ctrl-C
  build/bin/chiliad --help               everything it can do
TEXT
}

# ./run serve [OPTION ...]: without options the demo's models, which are made if need be.
serve() {
  local demo_rows=()
  need_packages build
  build release chiliad
  if [ $# = 0 ]; then
    [ -d $demo_folder/models ] || make_demo_models
    set -- --models $demo_folder/models --endpoint demo --listen 127.0.0.1:8080
    cat <<TEXT
serving $demo_folder/models on 127.0.0.1:8080 until Ctrl-C; try
  curl -H 'X-Amzn-SageMaker-Target-Model: 8.tar.gz' -d '{"period": 7}' http://127.0.0.1:8080/endpoints/demo/invocations
TEXT
  fi
  exec build/bin/chiliad serve "$@"
}

# ./run up [OPTION ...]: the platform, its state in build/home unless an option says otherwise.
up() {
  need_packages build python
  build release chiliad
  # Without it everything works but CHILIAD_ACCELERATE=1.
  keep_going=yes
  need_python_wheel
  keep_going=no
  case " $* " in
    *" --home "*) ;;
    *) set -- --home build/home "$@" ;;
  esac
  exec build/bin/chiliad up "$@"
}
