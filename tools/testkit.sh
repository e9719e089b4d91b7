# SPDX-License-Identifier: Apache-2.0
# Sourced by the commands of the testkit. run_testkit MEMORY CLASS ARGS…: builds what has changed, and runs it in this tree.

. "$here/tools/find-jdk.sh"

run_testkit() {
  find_jdk || exit 1
  local memory=$1 kit=$here/spdk-io-testkit module sources=() classes=
  shift
  local path=$kit/target/testkit.classpath
  for module in spdk-io spdk-io-blob spdk-io-nvme spdk-io-testkit; do
    sources+=("$here/$module/src/main")
    classes+=$here/$module/target/classes:
  done
  cd "$here"
  if [ ! -e "$path" ] || [ -n "$(find "${sources[@]}" -newer "$path" -print -quit)" ]; then
    echo "building …" >&2
    ./mvnw -q -pl spdk-io-testkit -am -DskipTests compile
    # Only libraries: the classes of this tree are named above.
    ./mvnw -q -pl spdk-io dependency:build-classpath -Dmdep.includeScope=runtime -Dmdep.outputFile="$path.new"
    mv "$path.new" "$path"
  fi
  exec nice -n 19 "$JDK_HOME/bin/java" -XX:+UseSerialGC "$memory" --enable-native-access=ALL-UNNAMED \
    -cp "$classes$(cat "$path")" "$@"
}
