<?php
// PHP's streams: client.php streams METHOD URL DESTINATION TIMEOUT BODYFILE KNOWN-URL
//
// Sends one operation, then gets KNOWN-URL. Prints JSON: client, status or error, next. TIMEOUT in
// seconds, 0 is none; an empty DESTINATION or BODYFILE is none.
[, , $method, $url, $destination, $timeout, $body_file, $known] = $argv;
$http = ['method' => $method, 'ignore_errors' => true, 'header' => []];
if ($destination !== '')
    $http['header'][] = "Destination: $destination";
if ($timeout > 0)
    $http['timeout'] = (float)$timeout;
if ($body_file !== '') {
    $http['content'] = file_get_contents($body_file);
    $http['header'][] = 'Content-Type: application/octet-stream';
}
$said = ['client' => 'PHP streams ' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION . '.' . PHP_RELEASE_VERSION];
$body = @file_get_contents($url, false, stream_context_create(['http' => $http]));
if ($body === false)
    $said['error'] = error_get_last()['message'];
else
    $said['status'] = (int)explode(' ', $http_response_header[0])[1];
if (($said['status'] ?? 0) >= 200 && str_contains((string)$body, 'HTTP/1.1 '))
    $said['error'] = 'further answers in the body';
$said['next'] = file_get_contents($known);
echo json_encode($said), "\n";
