# Work for perl: fixed, seeded by itself, its answer checked.
use strict;
use warnings;

my $state = 12345;
sub draw { $state = ($state * 1103515245 + 12345) & 0x7fffffff; return ($state >> 8) % $_[0]; }

# A text of words whose frequencies fall off, then what a log analyser does with it.
my @words = map { join '', map { chr(97 + draw(26)) } 1 .. 3 + draw(9) } 1 .. 4000;
my @lines = map { join ' ', map { $words[draw(1 + draw(4000))] } 1 .. 4 + draw(12) } 1 .. 9000;
my (%count, %after);
for my $line (@lines) {
    my @parts = split / /, $line;
    $count{$_}++ for @parts;
    push @{ $after{ $parts[$_ - 1] } }, $parts[$_] for 1 .. $#parts;
}
my @ranked = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;

# Records of mixed types, built, changed and dropped.
my @records = map { { id => $_, name => $words[draw(4000)], tags => [ map { draw(100) } 0 .. draw(6) ] } }
    1 .. 12000;
for (1 .. 30000) {
    my $record = $records[draw(12000)];
    $record->{name} .= '-' . $words[draw(4000)];
    $record->{tags} = [ reverse @{ $record->{tags} } ] if draw(3) == 0;
    delete $records[draw(12000)]{name} if draw(50) == 0;
    $record->{name} //= '';
}
my $bytes = 0;
for (@records) { $bytes += length($_->{name} // '') }
my $followers = 0;
$followers += @{ $after{$_} } for grep { exists $after{$_} } @ranked;
my $pairs = 0;
$pairs += scalar(split / /) - 1 for @lines;
die "followers: $followers, not $pairs\n" unless $followers == $pairs;
die "no bytes\n" unless $bytes > 0;
