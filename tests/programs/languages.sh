# Compilers and interpreters; see tests/programs_under.sh.

program_gcc() {
    # needs gcc make git
    # This project, built by make -j under the library from make to ld: all files must be the same.
    git -C "$root" archive "$commit" | tar -x
    make -s -j4 >/dev/null
    find build -name '*.o' -o -type f -perm -1 | sort | xargs md5sum
}

program_clang() {
    # needs clang
    for file in "$root"/harness/statistics/*.c; do
        clang -std=c11 -O2 -g -D_GNU_SOURCE $(find "$root/harness" -type d -printf '-I%p ') -c -o object.o "$file" && md5sum <object.o
    done
}

program_gxx() {
    # needs g++
    cat >templates.cc <<'CC'
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>
template <int N> struct fibonacci { static constexpr long value = fibonacci<N - 1>::value + fibonacci<N - 2>::value; };
template <> struct fibonacci<0> { static constexpr long value = 0; };
template <> struct fibonacci<1> { static constexpr long value = 1; };
int main() {
    std::map<std::string, std::vector<int>> all;
    for (int i = 0; i < 200000; i++) all["key" + std::to_string(i % 5000)].push_back(i);
    std::regex numbers("([0-9]+)([a-z]+)");
    std::string text; for (int i = 0; i < 3000; i++) text += std::to_string(i) + "word ";
    std::vector<long> sums(8);
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; t++) threads.emplace_back([&, t] {
        std::unordered_map<int, std::string> mine;
        for (int i = 0; i < 30000; i++) mine[i * t] += std::string(i % 50, 'x');
        for (auto &m : mine) sums[t] += m.second.size();
    });
    for (auto &t : threads) t.join();
    long total = 0; for (long s : sums) total += s;
    std::cout << all.size() << ' ' << std::distance(std::sregex_iterator(text.begin(), text.end(), numbers), std::sregex_iterator())
              << ' ' << total << ' ' << fibonacci<80>::value << '\n';
}
CC
    g++ -O2 -g -pthread -o templates templates.cc
    md5sum templates
    ./templates
}

program_rustc() {
    # needs /usr/bin/rustc
    cat >main.rs <<'RS'
use std::{collections::{BTreeMap, HashMap}, sync::{mpsc, Arc, Mutex}, thread};
fn main() {
    let (send, receive) = mpsc::channel::<Vec<String>>();
    let shared = Arc::new(Mutex::new(BTreeMap::new()));
    let threads: Vec<_> = (0..6u64).map(|t| { let (send, shared) = (send.clone(), shared.clone()); thread::spawn(move || {
        for i in 0..3000u64 {
            send.send((0..i % 20).map(|k| format!("{t}-{i}-{k}")).collect()).unwrap();
            *shared.lock().unwrap().entry(i % 700).or_insert(0u64) += t * i;
        }
    }) }).collect();
    drop(send);
    let mut count: HashMap<String, usize> = HashMap::new();
    for list in receive { for s in list { *count.entry(s).or_default() += 1; } }
    for t in threads { t.join().unwrap(); }
    println!("{} {}", count.len(), shared.lock().unwrap().values().sum::<u64>());
}
RS
    /usr/bin/rustc -O -C codegen-units=4 -o main main.rs
    md5sum main
    ./main
}

program_python3() {
    # needs python3
    cat >work.py <<'PY'
import json, threading, subprocess, sqlite3, zlib, re, decimal, hashlib, multiprocessing, concurrent.futures as f
d = {i: [str(j) * (j % 50) for j in range(i % 40)] for i in range(20000)}
for i in range(0, 20000, 3): del d[i]
text = json.dumps(d); print(len(text), len(json.loads(text)), hashlib.md5(text.encode()).hexdigest())
def work(n): return sum(len(zlib.compress(str(k).encode() * 40)) for k in range(n))
with f.ThreadPoolExecutor(6) as pool: print(list(pool.map(work, [3000] * 12)))
def squares(n): return sum(len(str(k * k)) for k in range(n))
if __name__ == '__main__':
    with multiprocessing.get_context('fork').Pool(3) as pool: print(pool.map(squares, range(0, 30000, 1000)))
    print(subprocess.run(['echo', 'from a child'], capture_output=True).stdout)
    c = sqlite3.connect(':memory:'); c.execute('create table t(a, b)')
    c.executemany('insert into t values(?, ?)', ((i, 'x' * (i % 90)) for i in range(50000)))
    print(c.execute('select count(*), sum(length(b)) from t').fetchone())
    print(len(re.findall(r'(\w+)-(\d+)', ' '.join(f'word{i}-{i}' for i in range(30000)))), decimal.Decimal(2) ** 2000)
    b = bytearray()
    for i in range(20000): b += bytes(1000)
    print(len(b)); del b[:10000000]; print(len(b))
PY
    PYTHONMALLOC=malloc PYTHONHASHSEED=0 /usr/bin/python3 work.py
}

program_python3_tests() {
    # needs python3
    # Python's own tests of what is hard on a malloc; Debian has them in libpython3-testsuite.
    /usr/bin/python3 -c 'import test.test_dict' 2>/dev/null || { echo "without libpython3-testsuite"; return; }
    PYTHONMALLOC=malloc /usr/bin/python3 -m test -u all,-network,-urlfetch,-gui,-largefile test_bytes test_collections test_concurrent_futures test_ctypes \
        test_decimal test_descr test_dict test_fork1 test_gc test_io test_json test_list test_long test_mmap test_multiprocessing_fork \
        test_os test_pickle test_posix test_queue test_re test_set test_signal test_sqlite3 test_subprocess test_thread test_threading \
        test_threadsignals test_unicode test_weakref test_zlib >log 2>&1 || :
    # Which failed, whatever the order and the time; none is what is expected.
    sed -n '/^[0-9]* tests\{0,1\} \(OK\|failed\|skipped\)/,/^$/p' log | grep -v '^$' || tail -n 3 log
}

program_ruby() {
    # needs ruby
    ruby -e 'h = Hash.new { |a, k| a[k] = [] }; 200000.times { |i| h["k#{i % 3000}"] << "v#{i}" * (i % 20) }
        puts h.size, h.values.sum { |v| v.sum(&:size) }; h = nil; GC.start; GC.compact rescue nil
        q = Queue.new; t = 6.times.map { |n| Thread.new { 3000.times { |i| q << [n, "x" * i] } } }; t.each(&:join); puts q.size
        puts (1..400).inject(:*).to_s.size, (0...20000).map { |i| "w#{i}".to_sym }.uniq.size
        puts 8.times.map { |i| fork { exit 100000.times.map(&:to_s).size % 7 + i } }.map { |p| Process.wait2(p)[1].exitstatus }.inspect
        puts ("ab12 " * 20000).scan(/([a-z]+)(\d+)/).size'
}

program_node() {
    # needs node
    cat >work.js <<'JS'
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const zlib = require('zlib'), crypto = require('crypto');
if (!isMainThread) {
    const m = new Map();
    for (let i = 0; i < 50000; i++) m.set('k' + i * workerData, Buffer.alloc(i % 300, i % 256));
    let n = 0; for (const b of m.values()) n += b.length;
    parentPort.postMessage(n);
} else {
    const text = JSON.stringify(Array.from({ length: 50000 }, (_, i) => ({ i, s: 'x'.repeat(i % 30) })));
    console.log(text.length, crypto.createHash('md5').update(text).digest('hex'));
    console.log(JSON.parse(text).length, zlib.gzipSync(text).length > 1000, zlib.gunzipSync(zlib.gzipSync(text)).toString() === text);
    Promise.all([1, 2, 3, 4].map(n => new Promise((done, failed) => {
        const w = new Worker(__filename, { workerData: n }); w.on('message', done); w.on('error', failed);
    }))).then(all => console.log(all));
    console.log(require('child_process').execSync('echo from a child').toString());
    console.log(/(\w+)-(\d+)/g[Symbol.matchAll] ? [...'a-1 b-2 '.repeat(20000).matchAll(/(\w+)-(\d+)/g)].length : 0);
}
JS
    node work.js
}

program_java() {
    # needs java javac
    cat >Work.java <<'JAVA'
import java.util.*; import java.util.concurrent.*; import java.util.stream.*; import java.nio.*; import java.util.zip.*;
public class Work {
    static long work(int seed) throws Exception {
        Map<String, List<byte[]>> map = new HashMap<>(); Random random = new Random(seed); long sum = 0;
        for (int i = 0; i < 60000; i++) { map.computeIfAbsent("k" + i % 700, k -> new ArrayList<>()).add(new byte[random.nextInt(400)]); if (i % 900 == 0) map.clear(); }
        for (int i = 0; i < 200; i++) { ByteBuffer direct = ByteBuffer.allocateDirect(1 << 16); direct.putInt(0, i); sum += direct.getInt(0); }
        Deflater deflater = new Deflater(); deflater.setInput(new byte[100000]); deflater.finish(); sum += deflater.deflate(new byte[1000]); deflater.end();
        for (List<byte[]> list : map.values()) for (byte[] b : list) sum += b.length;
        return sum;
    }
    public static void main(String[] arguments) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(6); List<Future<Long>> all = new ArrayList<>();
        for (int i = 0; i < 24; i++) { int seed = i; all.add(pool.submit(() -> work(seed))); }
        for (Future<Long> f : all) System.out.println(f.get());
        pool.shutdown(); System.gc();
        List<Thread> threads = new ArrayList<>(); for (int i = 0; i < 300; i++) { Thread t = new Thread(() -> new byte[5000].clone()); t.start(); threads.add(t); }
        for (Thread t : threads) t.join();
        System.out.println(IntStream.range(0, 200000).parallel().mapToObj(Integer::toString).collect(Collectors.toSet()).size());
    }
}
JAVA
    javac Work.java
    for collector in Serial Parallel G1; do java -XX:+Use${collector}GC -Xmx200m Work; done
}

program_lua() {
    # needs lua5.4
    lua5.4 -e 'local t = {} for i = 1, 600000 do t[i % 5000] = {i, tostring(i), function() return i end} end
        local n = 0 for k, v in pairs(t) do n = n + #v[2] + v[3]() end print(n)
        local s = {} for i = 1, 60000 do s[#s + 1] = ("x"):rep(i % 100) end print(#table.concat(s))
        local c = {} for i = 1, 3000 do c[i] = coroutine.wrap(function(a) while true do a = coroutine.yield(a .. i) end end) end
        local l = 0 for i = 1, 3000 do l = l + #c[i]("a") end print(l) collectgarbage() print(select("#", load("return " .. ("1,"):rep(200) .. "1")()))'
}

program_php() {
    # needs php
    # Its own pools are asked to be malloc's. Without extensions: they are loaded with RTLD_DEEPBIND,
    # bind to the C library's free and crash under any malloc that is preloaded.
    USE_ZEND_ALLOC=0 php -n -r '$h = []; for ($i = 0; $i < 300000; $i++) { $h["k" . $i % 4000][] = str_repeat("x", $i % 40); }
        echo count($h), " ", array_sum(array_map(fn($v) => strlen(implode($v)), $h)), "\n"; $t = json_encode($h); echo strlen($t), " ", md5($t), "\n";
        unset($h); $d = json_decode($t, true); echo count($d), " ", preg_match_all("/x{5,9}/", $t), "\n"; $s = "";
        for ($i = 0; $i < 100000; $i++) $s .= chr(65 + $i % 26); echo md5(strrev($s)), "\n";'
}
