# Perl's HTTP: client.pl LIBRARY METHOD URL DESTINATION TIMEOUT BODYFILE KNOWN-URL
#
# LWP or HTTP::DAV. Sends one operation, then gets KNOWN-URL with the same agent. Prints JSON: client,
# status or error, next. TIMEOUT in seconds, 0 is none; an empty DESTINATION or BODYFILE is none.
use strict;
use warnings;
use JSON::PP;

my ($library, $method, $url, $destination, $timeout, $body_file, $known) = @ARGV;
my %said;

sub body {
    return '' unless $body_file;
    open my $file, '<:raw', $body_file or die "$body_file: $!";
    local $/;
    return scalar <$file>;
}

sub with_lwp {
    require LWP::UserAgent;
    require HTTP::Request;
    $said{client} = "Perl LWP $LWP::UserAgent::VERSION";
    my $agent = LWP::UserAgent->new(keep_alive => 1);
    $agent->timeout($timeout) if $timeout;
    my $request = HTTP::Request->new($method, $url);
    $request->header(Destination => $destination) if $destination;
    $request->content(body()) if $body_file;
    my $answer = $agent->request($request);
    if (($answer->header('Client-Warning') // '') eq 'Internal response') {
        $said{error} = $answer->status_line;
    } else {
        $said{status} = 0 + $answer->code;
    }
    my $next = $agent->get($known);
    $said{next} = $next->decoded_content if $next->is_success;
}

sub with_dav {
    require HTTP::DAV;
    $said{client} = "Perl HTTP::DAV $HTTP::DAV::VERSION";
    my $dav = HTTP::DAV->new;
    $dav->get_user_agent->timeout($timeout) if $timeout;
    my ($folder) = $url =~ m{^(\w+://[^/]+/)};
    $dav->open(-url => $folder) or die $dav->message . "\n";
    my $resource = $dav->new_resource(-uri => $url);
    my $answer =
        $method eq 'COPY'   ? $resource->copy(-dest => $dav->new_resource(-uri => $destination))
      : $method eq 'MOVE'   ? $resource->move(-dest => $dav->new_resource(-uri => $destination))
      : $method eq 'DELETE' ? $resource->delete
      :                       $resource->put(body());
    # Its status may be that of a 207 around the real ones: what counts is what it takes that for.
    $said{error} = $answer->message unless $answer->is_success;
    my $text = '';
    $dav->get(-url => $known, -to => \$text);
    $said{next} = $text;
}

eval { $library eq 'LWP' ? with_lwp() : with_dav(); 1 } or do {
    chomp($said{error} = $@);
};
print encode_json(\%said), "\n";
