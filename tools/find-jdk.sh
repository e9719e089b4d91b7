# SPDX-License-Identifier: Apache-2.0
# Sourced by mvnw and spdkio. Reads the `release` file of each candidate, because starting JVMs to ask them is slow.

SPDKIO_JDK=25

# is_jdk DIR: DIR holds a JDK (not only a JRE) of the right major version; sets JDK_VERSION.
is_jdk() {
  [ -n "$1" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  local key value
  while IFS== read -r key value; do
    if [ "$key" = JAVA_VERSION ]; then
      value=${value//\"/}
      JDK_VERSION=${value%$'\r'}
      [ "${JDK_VERSION%%[.+-]*}" = "$SPDKIO_JDK" ]
      return
    fi
  done <"$1/release"
  return 1
}

# find_jdk: sets JDK_HOME and JDK_VERSION, JAVA_HOME first; else says what to do and returns 1.
find_jdk() {
  local candidate java
  if is_jdk "${JAVA_HOME:-}"; then
    JDK_HOME=$JAVA_HOME
    return 0
  fi
  if java=$(command -v java); then
    java=$(readlink -f "$java" 2>/dev/null || printf '%s' "$java")
    candidate=${java%/bin/java}
    if is_jdk "$candidate"; then
      JDK_HOME=$candidate
      return 0
    fi
  fi
  for candidate in /usr/lib/jvm/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* /opt/*jdk* /opt/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if is_jdk "$candidate"; then
      JDK_HOME=$candidate
      return 0
    fi
  done
  if [ -x /usr/libexec/java_home ] && candidate=$(/usr/libexec/java_home -v "$SPDKIO_JDK" 2>/dev/null) &&
    is_jdk "$candidate"; then
    JDK_HOME=$candidate
    return 0
  fi
  cat >&2 <<EOF
spdk-io needs a JDK $SPDKIO_JDK, and none was found.
  Looked at: JAVA_HOME (${JAVA_HOME:-not set}), java on PATH (${java:-none}), /usr/lib/jvm, ~/.sdkman, ~/.jdks, /opt.
  Install one, for example:
    sdk install java $SPDKIO_JDK-tem             (SDKMAN, any Linux or macOS)
    apt-get install openjdk-$SPDKIO_JDK-jdk      (recent releases of Debian and Ubuntu)
    dnf install java-$SPDKIO_JDK-openjdk-devel   (Fedora)
    brew install openjdk@$SPDKIO_JDK             (macOS)
  or point JAVA_HOME at one that is installed elsewhere.
EOF
  return 1
}
