#!/bin/sh
# Build ARX's core and our driver from a checkout of github.com/arx-deidentifier/arx into TARGET: build.sh SOURCES TARGET
# SOURCES is a work tree or a bare repository; TARGET then holds build/ (classes), lib/ant and data (hierarchies).
# Only what local recoding needs is compiled. Two types of libraries that the compiler asks for and that never run here
# (PDF certificates, logistic regression) are stood in for by empty ones, as some copies of the repository lack the jars.
set -eu
sources=$(realpath "$1")
driver=$(realpath "$(dirname "$0")")/LocalRecoding.java
mkdir -p "$2"
cd "$2"

if [ -d "$sources/src/main" ]; then
    cp -r --parents "$sources"/./src/main "$sources"/./lib/ant "$sources"/./data .
else
    git --git-dir="$sources" ls-tree -r HEAD src/main lib/ant data | while read -r _ _ blob path; do
        case $path in lib/ant/*eclipse* | lib/ant/ojdbc/* | data/*.deid) continue ;; esac
        mkdir -p "$(dirname "$path")"
        git --git-dir="$sources" cat-file blob "$blob" >"$path" 2>/dev/null || rm -f "$path"
    done
fi

mkdir -p stand-ins/org/apache/hadoop/io stand-ins/org/apache/pdfbox/pdmodel/font
echo 'package org.apache.hadoop.io; public interface Writable {}' >stand-ins/org/apache/hadoop/io/Writable.java
echo 'package org.apache.pdfbox.pdmodel.font; public class PDFont {}' >stand-ins/org/apache/pdfbox/pdmodel/font/PDFont.java
jars=$(find lib/ant -name '*.jar' ! -path '*eclipse*' | tr '\n' ':')
mkdir -p build
javac -encoding UTF-8 -nowarn -proc:none -implicit:class -sourcepath src/main:stand-ins -cp "$jars" -d build "$driver"
