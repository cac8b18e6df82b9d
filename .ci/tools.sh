# shellcheck shell=bash
# Finds, or installs, what Terapi is built and tested with. Sourced by ./dev.
#
# Every need_* is quick and silent when nothing is missing. What must be built is kept in the
# user's cache folder, by version, so that a second clone builds none of it again. The ordinary
# source is tried first and briefly; the second one needs nothing but package registries.

TOOLS="${XDG_CACHE_HOME:-$HOME/.cache}/terapi/tools"
MINIMUM_RUST=94            # 1.94
NEWEST_KNOWN_RUST=96       # newer ones may have lints that nobody here has seen
RUST_VERSION=1.95.0        # installed only where there is no Rust, or one older than the minimum
CARGO_LEPTOS_VERSION=0.3.6
NODE_VERSION=22.23.3       # installed only where there is no node, or one older than 20
NPM_VERSION=10.9.4
SCHEMATHESIS_VERSION=4.32.5
WASM=wasm32-unknown-unknown
ROOM=7                     # GB that a whole test run writes from nothing

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() { printf './dev: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# A full disk shows itself late, and as anything: a database that cannot start, a linker's crash.
warn_of_little_room() {
    local free
    free=$(($(df -Pk . | awk 'NR == 2 { print $4 }') / 1000 / 1000))
    ((free >= ROOM)) || say "only $free GB are free here; a whole run from nothing writes about $ROOM"
}

# --- the machine's own packages ---------------------------------------------------------------

as_root() {
    if ((EUID == 0)); then "$@"
    elif have sudo; then sudo "$@"
    else die "this needs root, and there is no sudo: $*"
    fi
}

# Fails, with nothing changed, where there is no apt.
apt_refresh() {
    have apt-get || return 1
    [[ -n ${APT_FRESH:-} ]] || as_root apt-get update -qq || true
    APT_FRESH=1
}

apt_install() {
    apt_refresh || return 1
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return
    say "apt-get could not install $*"
    return 1
}

apt_offers() { apt_refresh && [[ $(apt-cache policy "$1") == *'Candidate: '[^\(]* ]]; }

need_c_compiler() {
    have cc || apt_install gcc libc6-dev || die "please install a C compiler (cc)"
}

# cargo-leptos carries OpenSSL's source, which is configured by Perl and built by make.
need_make() {
    have make && perl -MFindBin -MFile::Compare -e 1 2>/dev/null && return
    apt_install make perl || die "please install make and Perl with its standard modules"
}

need_curl() { have curl || apt_install curl ca-certificates; }

# --- Rust -------------------------------------------------------------------------------------

# 95 for Rust 1.95.0; 0 where there is none.
rust_minor() {
    [[ $(rustc --version 2>/dev/null) =~ ^rustc\ 1\.([0-9]+)\. ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

rust_is_known() { (($(rust_minor) <= NEWEST_KNOWN_RUST)); }

rust_is_current() { (($(rust_minor) >= MINIMUM_RUST)) && cargo --version >/dev/null 2>&1; }

need_rust() {
    [[ -d $HOME/.cargo/bin ]] && PATH="$HOME/.cargo/bin:$PATH"
    need_c_compiler
    rust_is_current && return
    say "installing Rust"
    have rustup || install_rustup || true
    if have rustup; then
        timeout 600 rustup toolchain install "$RUST_VERSION" --profile minimal --component clippy,rustfmt --no-self-update || true
        export RUSTUP_TOOLCHAIN="$RUST_VERSION"
    fi
    rust_is_current || use_debian_rust
    rust_is_current || die "please install Rust 1.$MINIMUM_RUST or newer (https://rustup.rs)"
}

install_rustup() {
    if apt_offers rustup && apt_install rustup; then return; fi
    need_curl || return 1
    local script
    script=$(mktemp)
    curl --proto '=https' --tlsv1.2 -fsS --connect-timeout 10 --max-time 60 https://sh.rustup.rs -o "$script" || return 1
    sh "$script" -y --profile minimal --default-toolchain none --no-modify-path
    rm -f "$script"
    PATH="$HOME/.cargo/bin:$PATH"
}

# Debian 12 keeps a current Rust for its browsers. Its standard library for wasm is source only.
use_debian_rust() {
    apt_offers rustc-web || return 1
    apt_install rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy rustfmt-web lld-22 || return 1
    if have rustup; then
        rustup toolchain link debian /usr
        export RUSTUP_TOOLCHAIN=debian
    fi
    hash -r
}

need_rust_lints() {
    cargo clippy --version >/dev/null 2>&1 && cargo fmt --version >/dev/null 2>&1 && return
    if have rustup && timeout 300 rustup component add clippy rustfmt; then return; fi
    apt_install rust-web-clippy rustfmt-web || die "please install clippy and rustfmt"
}

has_wasm_std() { compgen -G "$(rustc --print sysroot)/lib/rustlib/$WASM/lib/libcore-*.rlib" >/dev/null; }

need_wasm_std() {
    # A machine that had to use Debian's toolchain for the front once does so again.
    if ! has_wasm_std && have rustup && RUSTUP_TOOLCHAIN=debian has_wasm_std 2>/dev/null; then
        export RUSTUP_TOOLCHAIN=debian
    fi
    has_wasm_std && return
    say "installing Rust's standard library for wasm"
    if have rustup && timeout 300 rustup target add "$WASM" && has_wasm_std; then return; fi
    use_debian_rust || die "please install the Rust target $WASM"
    has_wasm_std || build_wasm_std
    has_wasm_std || die "the standard library for $WASM was built, and rustc does not find it"
}

# Compiles the standard library from rust-web-src and puts it where rustc looks for it.
build_wasm_std() {
    local scratch library
    scratch=$(mktemp -d)
    library="$(rustc --print sysroot)/lib/rustlib/$WASM/lib"
    (
        cd "$scratch" || exit
        cargo init --quiet --lib --name scratch --vcs none
        CARGO_TARGET_DIR="$scratch/target" RUSTC_BOOTSTRAP=1 \
            cargo build --quiet --release -Zbuild-std=std,panic_abort --target "$WASM"
        rm -f "target/$WASM/release/deps/"libscratch-*
        as_root mkdir -p "$library"
        as_root cp "target/$WASM/release/deps/"lib*.rlib "$library/"
    )
    rm -rf "$scratch"
}

# --- tools of the Rust world ------------------------------------------------------------------

# cargo_tool CRATE VERSION [cargo install's options]: on PATH afterwards, from the cache if it was
# there before. Their own release profiles cost half an hour; they only have to work.
cargo_tool() {
    local crate=$1 version=$2 folder="$TOOLS/${1%-cli}-$2"
    shift 2
    PATH="$folder/bin:$PATH"
    [[ -d $folder ]] && return
    rm -rf "$folder.part"
    if ! prebuilt_tool "$crate" "$version" "$folder.part"; then
        say "building $crate $version (once; kept in $folder)"
        env CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
            CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR="$TOOLS/build" \
            cargo install "$crate" --version "$version" --root "$folder.part" "$@"
        rm -rf "$TOOLS/build"
    fi
    mv "$folder.part" "$folder"
}

prebuilt_tool() {
    cargo binstall -V >/dev/null 2>&1 || return 1
    timeout 180 cargo binstall --no-confirm --disable-strategies compile --root "$3" "$1@$2"
}

locked_version() { awk -v name="\"$1\"" '$1 == "name" && $3 == name { getline; gsub(/"/, "", $3); print $3; exit }' Cargo.lock; }

need_front_tools() {
    need_wasm_std
    need_node_packages
    # Its lock file may name versions that no longer exist, so it is resolved afresh.
    cargo_tool wasm-bindgen-cli "$(locked_version wasm-bindgen)"
    [[ -d $TOOLS/cargo-leptos-$CARGO_LEPTOS_VERSION ]] || need_make
    cargo_tool cargo-leptos "$CARGO_LEPTOS_VERSION" --locked --no-default-features --features no_downloads
}

# --- node: Tailwind, wasm-opt, end-to-end tests -----------------------------------------------

node_is_current() {
    have node && have npm && (($(node --print 'process.versions.node.split(".")[0]') >= 20))
}

need_node() {
    local folder="$TOOLS/node-$NODE_VERSION" architecture=x64
    node_is_current && return
    [[ $(uname -m) == aarch64 ]] && architecture=arm64
    if [[ ! -x $folder/node_modules/.bin/node ]]; then
        have npm || apt_install nodejs npm || die "please install Node.js 20 or newer"
        if node_is_current; then return; fi
        say "installing Node.js $NODE_VERSION (kept in $folder)"
        mkdir -p "$folder"
        npm install --prefix "$folder" --no-audit --no-fund "node-linux-$architecture@$NODE_VERSION" "npm@$NPM_VERSION"
    fi
    PATH="$folder/node_modules/.bin:$PATH"
    # Unlike the distribution's, this one does not ask the system whom to trust.
    [[ ! -f /etc/ssl/certs/ca-certificates.crt ]] || export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
    hash -r
    node_is_current || die "Node.js $NODE_VERSION does not run from $folder"
}

need_node_packages() {
    need_node
    local lock stamp=end2end/node_modules/.installed-lock
    lock=$(cat end2end/package-lock.json end2end/matrix/package-lock.json | sha256sum)
    if [[ ! -f $stamp || $(< "$stamp") != "$lock" ]]; then
        say "installing node packages"
        (cd end2end && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
        (cd end2end/matrix && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
        printf '%s\n' "$lock" > "$stamp"
    fi
    PATH="$PWD/end2end/node_modules/.bin:$PATH"
    # style/tailwind.css imports "tailwindcss", which is not in a folder above it.
    export NODE_PATH="$PWD/end2end/node_modules"
}

# --- Python: the property-based tester -------------------------------------------------------

need_schemathesis() {
    local folder="$TOOLS/schemathesis-$SCHEMATHESIS_VERSION"
    PATH="$folder/bin:$PATH"
    [[ ! -x $folder/bin/schemathesis ]] || return 0
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "please install Python 3.10 or newer"
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv || die "please install Python's venv module"
    say "installing Schemathesis $SCHEMATHESIS_VERSION (kept in $folder)"
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$SCHEMATHESIS_VERSION"
    hash -r
}

# --- databases and a browser, for tests -------------------------------------------------------

postgres_folder() {
    local initdb
    initdb=$(command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1) || return 1
    [[ -n $initdb ]] && dirname "$initdb"
}

need_databases() {
    postgres_folder >/dev/null || apt_install postgresql || die "please install PostgreSQL's server (initdb, postgres)"
    PATH="$PATH:/usr/sbin"
    have pgbouncer || apt_install pgbouncer || die "please install PgBouncer"
}

# The distribution's browser; only where that is a stub for another package system, as on Ubuntu,
# the test tool's own.
need_chromium() {
    find_chromium && return
    apt_offers chromium && apt_install chromium fonts-liberation && find_chromium && return
    say "installing the test tool's Chromium"
    (cd end2end && timeout 600 npx playwright install --with-deps chromium) || die "please install Chromium"
    unset TERAPI_TEST_CHROMIUM
}

# For screenshots: the Connect UI speaks Japanese too.
need_japanese_font() {
    { have fc-list && fc-list :lang=ja | grep -q .; } || apt_install fonts-ipafont-gothic ||
        say "no font has Japanese letters: pictures in Japanese show boxes"
}

find_chromium() {
    local name
    for name in chromium chromium-browser google-chrome; do
        if have "$name" && "$name" --version >/dev/null 2>&1; then
            TERAPI_TEST_CHROMIUM=$(command -v "$name")
            export TERAPI_TEST_CHROMIUM
            return
        fi
    done
    return 1
}
