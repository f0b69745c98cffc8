# Programs of every day; see tests/programs_under.sh.

program_bash() {
    # needs bash seq sort
    bash -c 'declare -A count; a=(); for i in {1..20000}; do a+=("item $i"); count[$((i % 333))]+=$i; done
        s=; for i in {1..3000}; do s="$s${a[$i]}"; done; echo "${#a[@]} ${#s} ${#count[@]} ${count[17]}"
        for i in {1..40}; do (echo "child $i" | cat | tr a-z A-Z) & done | sort; wait
        f() { [ "$1" = 0 ] || { local x=$(f $(($1 - 1))); echo "$x$1"; }; }; f 30
        mapfile -t lines < <(seq 50000); echo "${#lines[@]} ${lines[@]: -1}"'
}

program_perl() {
    # needs perl
    perl -e 'my %h; $h{$_ % 7777} .= "x$_" for 1..400000;
        my @k = sort { length $h{$a} <=> length $h{$b} || $a <=> $b } keys %h; print "@k[0..20]\n";
        my $text = join ",", map { "$_=$h{$_}" } @k; my $n = () = $text =~ /(\d+)x(\1)/g; print length $text, " $n\n";
        for (1..30) { my $pid = fork // die; if (!$pid) { my @a = map { "c$_" x 50 } 1..2000; exit @a % 7 } waitpid $pid, 0; print $? >> 8, " " }
        my $s = ""; $s = reverse($s . chr(65 + $_ % 26)) for 1..20000; print "\n", substr($s, 0, 50), "\n";
        delete @h{@k[0..4000]}; print scalar(keys %h), "\n"; print `echo child`;'
    # The compiler of regular expressions and the loader of modules, on all that is installed.
    perl -MFile::Find -MDigest::MD5=md5_hex -MData::Dumper -e '$Data::Dumper::Sortkeys = 1; my (%w, @f);
        find({ no_chdir => 1, wanted => sub { push @f, $_ if /\.p[ml]$/ && -f } }, "/usr/share/perl", "/usr/share/perl5");
        for (sort @f) { open my $in, "<", $_ or next; local $/; my $t = <$in>; $w{lc $1}++ while $t =~ /\b([a-z]{3,})\b/gi }
        print scalar(@f), " ", md5_hex(Dumper(\%w)), "\n"'
}

program_sort() {
    # needs sort seq awk
    seq 400000 | awk '{ print ($1 * 7919) % 400009, "line", $1 }' >words
    sort --parallel=4 -S 5M -k1n words | md5sum
    sort --parallel=2 -u -k2 words | md5sum
}

program_compressors() {
    # needs xz zstd tar
    tar -cf all.tar -C "$root" harness workloads tests --sort=name --mtime=2020-01-01 --owner=0 --group=0
    xz -T4 --block-size=300KiB -kc all.tar | md5sum
    zstd -q -T4 -9 -c all.tar >all.zst && zstd -q -dc all.zst | cmp - all.tar && md5sum <all.zst
    xz -T2 -6 -c all.tar | xz -dc | cmp - all.tar
}

program_git() {
    # needs git
    # --no-optional-locks and one thread of packs: the packs are then the same each time.
    git clone -q --bare "file://$root" copy.git
    git -C copy.git -c pack.threads=1 gc -q --prune=now --aggressive
    git -C copy.git fsck --full --strict 2>&1 | sort
    git -C copy.git rev-list --all --objects | sort | md5sum
    git -C copy.git verify-pack -v objects/pack/*.idx | md5sum
    git clone -q copy.git work
    cd work
    git log -p -n 200 | md5sum
    git blame -w Makefile | md5sum
    git -c user.name=a -c user.email=a@b commit -q --allow-empty -m empty --date 2020-01-01T00:00:00 && git status --short
    git repack -q -a -d --threads=4 && git fsck 2>&1 | sort
    git grep -c malloc | md5sum
}

program_sqlite3() {
    # needs sqlite3
    sqlite3 base.db 'pragma journal_mode = wal; create table t(a integer primary key, b text, c real);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)
        insert into t select i, hex(zeroblob(i % 97)), i * 0.5 from n;
        create index u on t(b, c); create index v on t(c);
        select count(*), sum(length(b)), max(b), total(c) from t;
        delete from t where a % 3 = 0; update t set b = b || a where a % 5 = 0; vacuum;
        select count(distinct b), sum(length(b)) from t; pragma integrity_check;
        create virtual table f using fts5(b); insert into f select a || " word" || (a % 100) from t;
        select count(*) from f where f match "word7"; select json_group_array(a) from (select a from t limit 2000);'
    sqlite3 base.db .dump | md5sum
}

program_gnuplot() {
    # needs gnuplot
    gnuplot -e 'set term svg; set samples 5000; plot sin(x) * x, cos(x ** 2)' | md5sum
    gnuplot -e 'set term pngcairo size 1600,1200; set isosamples 150; set hidden3d; splot sin(x) * cos(y)' | md5sum
}

program_ghostscript() {
    # needs gs
    gs -q -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r150 -sOutputFile=tiger.ppm /usr/share/ghostscript/*/examples/tiger.eps 2>/dev/null ||
        echo '%!PS
/F { /Times-Roman findfont exch scalefont setfont } def 1 1 60 { dup F dup 9 mul 50 moveto (word) show } for showpage' |
        gs -q -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r200 -sOutputFile=tiger.ppm -
    md5sum tiger.ppm
}

program_imagemagick() {
    # needs convert
    convert -size 1200x900 plasma:red-blue -seed 5 +noise Gaussian -blur 0x3 -resize 70% -rotate 17 -depth 8 ppm:- >/dev/null
    convert -size 1500x1000 gradient:navy-gold -swirl 300 -resize 50% -despeckle -depth 8 ppm:- | md5sum
}

program_ffmpeg() {
    # needs ffmpeg
    ffmpeg -v error -f lavfi -i testsrc2=duration=6:size=640x360:rate=25 -f lavfi -i sine=frequency=440:duration=6 \
        -flags bitexact -fflags bitexact -c:v mpeg4 -threads 4 -c:a aac -y out.mkv
    ffmpeg -v error -i out.mkv -threads 4 -f framemd5 - | md5sum
}

program_gdb() {
    # needs gdb
    gdb -batch -ex 'info functions ^main' -ex 'info types gdb' -ex 'list main' -ex 'disassemble main' "$root/build/release/heapmark" 2>&1 | md5sum
    gdb -batch -ex 'break main' -ex run -ex bt -ex 'info sharedlibrary' --args /bin/true 2>&1 | grep -c .
}
