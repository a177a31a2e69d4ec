#!/bin/sh
# Installs the programs that the end-to-end tests drive the Gateway with, as far as this machine lets it:
# Debian's packages as root through apt, programs in Go through a Go toolchain into .cache/bin.
# Says for each one that is missing why; the tests that need it are then skipped, or fail with CI=true.
#
#     scripts/install-test-programs.sh          # what tests need
#     scripts/install-test-programs.sh bench    # and what only bench/standalone/data-plane*.ts compare and measure with
set -u
cd "$(dirname "$0")/.."
cache="$PWD/.cache"
PATH="$PATH:/usr/sbin:/sbin"
for folder in /usr/lib/postgresql/*/bin; do PATH="$PATH:$folder"; done
missing=""

have() { command -v "$1" >/dev/null 2>&1; }

# program, and the Debian package that has it. dnsmasq-base is dnsmasq without the system service.
packages=""
need() { have "$1" || packages="$packages $2"; }
need curl curl
need promtool prometheus
need openssl openssl
need dig bind9-dnsutils
need dnsmasq dnsmasq-base
need initdb postgresql
need psql postgresql-client
need setpriv util-linux
have vim || need vim.tiny vim-tiny
# What a test cluster's network is made of.
need ip iproute2
need nft nftables
if [ "${1:-}" = bench ]; then
  need h2load nghttp2-client
  need nginx nginx-light
  need haproxy haproxy
  need taskset util-linux
  need valgrind valgrind
fi

apt_install() (
  echo "installing Debian packages:$packages"
  # postgresql and prometheus would start servers of their own: policy-rc.d keeps every service down while packages are installed.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
  fi
  # Another apt may be at work, as on a machine that has just started.
  waiting="-o DPkg::Lock::Timeout=300"
  # shellcheck disable=SC2086
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $waiting --no-install-recommends $packages; } \
    >"$cache/apt.log" 2>&1 && return
  tail -n 5 "$cache/apt.log"
  return 1
)

mkdir -p "$cache/bin"
if [ -n "$packages" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    missing="$missing\n  Debian packages$packages: not root. As root: apt-get install$packages"
  elif ! have apt-get; then
    missing="$missing\n  $packages: there is no apt-get here"
  elif ! apt_install; then
    missing="$missing\n  Debian packages$packages: apt-get failed, see .cache/apt.log"
  fi
fi

# Programs in Go: name, its sources, and how it is built.
grpcurl_version=v1.9.4
go_build() {
  case "$1" in
    grpcurl) GOFLAGS=-mod=mod "$go" install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$grpcurl_version" ;;
    helm) (cd tools/helm && "$go" install -trimpath -ldflags="-s -w" tool) ;;
    otlp-receiver) (cd tools/otlp-receiver && "$go" install -trimpath .) ;;
  esac
}

for program in grpcurl helm otlp-receiver; do
  [ -x "$cache/bin/$program" ] && continue
  # What is made with helm is compared byte by byte, so another one on the PATH won't do.
  [ "$program" != helm ] && have "$program" && continue
  if go="$(node_modules/.bin/node scripts/go-toolchain.ts 1.26)"; then
    echo "building $program with $("$go" version)"
    GOBIN="$cache/bin" GOTOOLCHAIN=local CGO_ENABLED=0 go_build "$program" >"$cache/$program.log" 2>&1 || {
      tail -n 5 "$cache/$program.log"
      missing="$missing\n  $program: building it failed, see .cache/$program.log"
    }
  else
    missing="$missing\n  $program: needs Go 1.26 or newer, on PATH or through pip"
  fi
done

if [ -n "$missing" ]; then
  if [ "${CI:-}" = true ]; then
    printf 'not installed, and CI skips nothing:%b\n' "$missing"
    exit 1
  fi
  printf 'not installed; tests that need them are skipped:%b\n' "$missing"
fi
